"""Runs tests on a copy of the project, in a process forked for each run from one that has all libraries loaded.

The tree that people work in is never changed, and a run that hangs or eats memory ends alone, with all that it started.
Starting Python, pytest and the libraries takes seconds; a fork takes none of them.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from pathlib import Path

from tests.mutation.mutants import Mutant

_MOST_MEMORY = 4 << 30
_LOOK_EVERY_S = 0.01
_ANOTHER_S = 10
_CHECKED = ".mypy_cache"
# Their asserts are rewritten while they are imported, so pytest must come first.
_PLUGINS = ("pytest_asyncio.plugin", "pytest_timeout", "_hypothesis_pytestplugin")
_OPTIONS = ("-q", "-x", "-p", "no:cacheprovider", "--tb=line")


class Ending(Enum):
    """How a run of tests ended."""

    PASSED = "passed"
    FAILED = "failed"
    LATE = "late"


class Workshop:
    """A copy of the project, one file of which at a time is another.

    Attributes:
        root: the copy.
        output: what the last run printed.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.output = root / ".output"
        (root / ".t").mkdir()

    def warm(self, tests: Sequence[str], *, limit_s: float, ours: bool = False) -> tuple[Ending, float]:
        """Run those tests as they are, and load ahead what they load; how they ended, and their seconds.

        Args:
            tests: files, as pytest takes them.
            limit_s: a run that takes longer is ended.
            ours: load the project's own modules ahead as well. None of them is to be mutated after that.
        """
        loaded = self.root / ".loaded"
        self.run(["--collect-only", *tests], limit_s=limit_s, loaded=loaded)
        for name in loaded.read_text().split() if loaded.exists() else ():
            if _is_library(name) or (ours and _is_ours(name)):
                with contextlib.suppress(Exception):
                    importlib.import_module(name)
        gc.freeze()
        began = time.monotonic()
        return self.run(tests, limit_s=limit_s), time.monotonic() - began

    @contextmanager
    def having(self, mutant: Mutant) -> Iterator[None]:
        """Its file with its fault."""
        file = self.root / mutant.path
        before, times = file.read_text(), file.stat()
        file.write_text(mutant.source)
        # Python takes what it compiled before for this file's if length and second are the same.
        os.utime(file, (times.st_atime, times.st_mtime + _ANOTHER_S))
        try:
            yield
        finally:
            file.write_text(before)
            os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))

    def run(self, tests: Sequence[str], *, limit_s: float, loaded: Path | None = None) -> Ending:
        """Run those tests until one fails.

        Args:
            tests: files and options, as pytest takes them.
            limit_s: a run that takes longer is ended.
            loaded: where the names of the libraries' modules are left that the run loaded.
        """
        pid = os.fork()
        if not pid:
            self._run_and_exit(tests, loaded)
        code = _code(pid, limit_s)
        # Whatever the tests started and did not end.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        return Ending.LATE if code is None else Ending.PASSED if code == 0 else Ending.FAILED

    def is_refused(self, path: str) -> bool:
        """Whether the type checker refuses a file as it is now."""
        command = [sys.executable, "-m", "mypy", "--follow-imports=silent", path]
        return subprocess.run(command, check=False, capture_output=True).returncode == 1  # noqa: S603 - nothing from outside

    def _run_and_exit(self, tests: Sequence[str], loaded: Path | None) -> None:
        code = 70
        try:
            os.setsid()
            resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
            output = os.open(self.output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(output, 1)
            os.dup2(output, 2)
            # What was compiled by the first run serves all others.
            sys.dont_write_bytecode = loaded is None
            code = _pytest(tests)
            if loaded:
                loaded.write_text("\n".join(sys.modules))
            sys.stdout.flush()
        finally:
            os._exit(code)


@contextmanager
def open_workshop() -> Iterator[Workshop]:
    """A copy of the project as it is now, gone at the end."""
    assert "dialer" not in sys.modules, "what is loaded already is not mutated: run this in a process of its own"
    # A short path: that of a unix socket ends at 107 bytes.
    with tempfile.TemporaryDirectory(prefix="mutants-", ignore_cleanup_errors=True) as folder:
        listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        files = subprocess.run(listed, check=True, capture_output=True, text=True)  # noqa: S603 - nothing from outside
        for name in files.stdout.split("\0"):
            if name and Path(name).is_file():
                target = Path(folder) / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(name, target)
        # What the type checker knows of the files as they are.
        if Path(_CHECKED).is_dir():
            shutil.copytree(_CHECKED, Path(folder) / _CHECKED)
        with _moved_into(folder):
            yield Workshop(Path(folder))


@contextmanager
def _moved_into(folder: str) -> Iterator[None]:
    here, first = Path.cwd(), sys.path[0]
    os.chdir(folder)
    sys.path[0] = folder
    os.environ |= {"PYTHONPATH": folder, "TMPDIR": f"{folder}/.t", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    tempfile.tempdir = None
    try:
        yield
    finally:
        os.chdir(here)
        sys.path[0] = first


def _pytest(tests: Sequence[str]) -> int:
    import pytest  # noqa: PLC0415 - in the process of the run, after it moved into the copy
    from hypothesis import Phase, settings  # noqa: PLC0415 - likewise

    # The same examples for each mutant; what fails is not made small.
    phases = (Phase.explicit, Phase.generate)
    settings.register_profile("mutants", derandomize=True, database=None, phases=phases)
    settings.load_profile("mutants")
    named = [part for plugin in _PLUGINS for part in ("-p", plugin)]
    return int(pytest.main([*_OPTIONS, *named, *tests]))


def _code(pid: int, limit_s: float) -> int | None:
    give_up_at = time.monotonic() + limit_s
    while time.monotonic() < give_up_at:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(_LOOK_EVERY_S)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return None


def _is_library(name: str) -> bool:
    return not name.startswith(
        ("dialer", "jobs", "tests", "test_", "conftest", "pytest_", "_hypothesis_pytestplugin", "__")
    )


def _is_ours(name: str) -> bool:
    # The asserts of the walk are rewritten while it is imported.
    return name.startswith(("dialer", "jobs", "tests.fakes")) and not name.startswith("tests.fakes.walk")
