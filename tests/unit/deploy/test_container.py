"""The image: what is built into it, how it starts and ends, and what tells that it is alive."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from dialer.settings import Settings, environment_name
from tests.fakes.programs import program

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "deploy" / "container"
BIN = Path(sys.executable).parent
CONTAINERFILE = FOLDER / "Containerfile"
TEXT = CONTAINERFILE.read_text("utf-8")
FINAL = TEXT[TEXT.rindex("\nFROM ") :]
"""The stage that is shipped."""


def run(*command: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """A program's end and what it said."""
    return subprocess.run(  # noqa: S603 - our own files and tools
        [str(word) for word in command], capture_output=True, text=True, check=False, cwd=ROOT, **options
    )


def test_hadolint_has_nothing_to_say() -> None:
    """The linter of container files, with shellcheck inside, at its strictest."""
    said = run(BIN / "hadolint", "--no-color", "--failure-threshold", "style", CONTAINERFILE)

    assert (0, "") == (said.returncode, said.stdout + said.stderr)


def test_shellcheck_has_nothing_to_say() -> None:
    """Of every shell script in the repository, told by its first line."""
    tracked = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").stdout.split("\0")
    files = [ROOT / name for name in tracked if name and (ROOT / name).is_file()]
    scripts = [file for file in files if re.match(rb"#!(/usr/bin/env |/bin/)(ba)?sh\b", file.read_bytes()[:64])]
    said = run(program("shellcheck"), "--color=never", *scripts)

    assert {".ci/run", "deploy/container/new-secrets"} <= {str(file.relative_to(ROOT)) for file in scripts}
    assert (0, "") == (said.returncode, said.stdout + said.stderr)


def test_everything_is_pinned_and_hashed() -> None:
    """Nothing comes in by name alone: each installation takes the lock's hashes, or comes from the stage before."""
    steps = TEXT.replace("\\\n", " ")
    installations = re.findall(r"(?:pip install|uv pip sync|uv pip install)[^&\n]*", steps)

    assert 3 == len(installations)
    assert [] == [one for one in installations if "--require-hashes" not in one and "--no-index" not in one]
    assert [] == [one for one in installations if not re.search(r"--no-cache(-dir)?\b", one)]


def test_version_is_the_project_s() -> None:
    """The label of the image tells the version that is in it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

    assert f"ARG VERSION={project['version']}\n" in FINAL
    assert 'org.opencontainers.image.version="${VERSION}"' in FINAL
    assert f'org.opencontainers.image.licenses="{project["license"]}"' in FINAL


def test_shipped_stage_has_no_compiler_and_no_root() -> None:
    """It takes the finished environment, installs nothing, and runs as a user that Kubernetes can tell by number."""
    assert [] == re.findall(r"apt-get|\bpip\b|\buv\b|gcc", FINAL)
    assert "COPY --from=build /opt/dialer /opt/dialer" in FINAL
    assert ["10001:10001"] == re.findall(r"^USER (.+)$", FINAL, re.MULTILINE)


def test_signals_reach_the_dialer() -> None:
    """No shell stands between: it would take SIGTERM for itself, and a worker would be killed while it places calls."""
    forms = dict(re.findall(r"^(ENTRYPOINT|CMD|STOPSIGNAL) (.+)$", FINAL, re.MULTILINE))

    assert {"ENTRYPOINT": '["dialer"]', "CMD": '["api"]', "STOPSIGNAL": "SIGTERM"} == forms


def test_its_variables_are_settings() -> None:
    """Each DIALER_* of the image is one that the dialer reads."""
    named = set(re.findall(r"\bDIALER_[A-Z_]+", TEXT))

    assert {"DIALER_HOST", "DIALER_PORT", "DIALER_WORKER_METRICS_PORT", "DIALER_DATA_DIR"} == named
    assert set() == named - {environment_name(name) for name in Settings.model_fields}


def test_only_what_it_is_made_of_is_sent_to_the_builder() -> None:
    """Everything that is copied may be, and secrets beside it may not."""
    rules = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    let_in = {rule[1:] for rule in rules if rule.startswith("!")}
    copied = {
        source for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", TEXT, re.MULTILINE) for source in sources.split()
    }

    assert "*" == next(rule for rule in rules if not rule.startswith("#"))
    assert let_in == {"requirements*.lock" if source.endswith(".lock") else source for source in copied}
    assert [] == [source for source in copied if not (ROOT / source).exists()]


EXTRAS = {"parquet": "arro3-core", "otel": "opentelemetry-sdk"}
"""Each, and a package that comes with it alone."""


@pytest.mark.parametrize("extras", ["", "parquet", "otel,parquet"])
def test_packages_of_an_image_are_those_of_the_lock(extras: str) -> None:
    """Without extras the lock as it is; with some, of the other lock what they need: each with its hashes."""
    path = f"{BIN}:{os.environ['PATH']}"
    said = run("sh", FOLDER / "choose-packages", extras, env={**os.environ, "PATH": path})
    chosen = set(re.findall(r"^([a-z0-9-]+)==", said.stdout, re.MULTILINE))

    assert 0 == said.returncode, said.stderr
    assert {"aiohttp", "obstore"} < chosen
    assert {package for extra, package in EXTRAS.items() if extra in extras} == chosen & set(EXTRAS.values())
    assert "pytest" not in chosen
    assert said.stdout.count("==") <= said.stdout.count("--hash=sha256:")


class _Process(BaseHTTPRequestHandler):
    """Answers as told by its server."""

    def do_GET(self) -> None:
        """The state of health that is asked for, and nothing else."""
        self.send_response(self.server.status if self.path == "/healthz" else 404)  # type: ignore[attr-defined]
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the standard library
        """Nothing is printed."""


@contextmanager
def listening(status: int) -> Iterator[int]:
    """The port of a process in this state of health."""
    server = HTTPServer(("127.0.0.1", 0), _Process)
    server.status = status  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def health(monkeypatch: pytest.MonkeyPatch, api: int, worker: int) -> int:
    """How the check of the image ends, with these two ports."""
    monkeypatch.setenv("DIALER_PORT", str(api))
    monkeypatch.setenv("DIALER_WORKER_METRICS_PORT", str(worker))
    ended: int = runpy.run_path(str(FOLDER / "health.py"))["main"]()
    return ended


def free_port() -> int:
    """A port on which nobody listens any more."""
    with listening(200) as port:
        return port


@pytest.mark.parametrize("role", ["api", "worker"])
def test_whoever_listens_is_asked(monkeypatch: pytest.MonkeyPatch, role: str) -> None:
    """An API or a worker that says so is well; one that says otherwise is not."""
    for status, expected in [(200, 0), (503, 1)]:
        with listening(status) as port:
            ports = (port, free_port()) if role == "api" else (free_port(), port)

            assert expected == health(monkeypatch, *ports)


def test_nobody_there_is_not_well(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A process that does not listen yet, or no more, with a word on it for Docker's record."""
    assert 1 == health(monkeypatch, free_port(), free_port())
    assert "nobody listens\n" == capsys.readouterr().out
