"""The processes that read rows of strangers: what they know of us."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dialer.processes.child import forget_environment

LOOK = """
import asyncio, json, os
from pathlib import Path

def told():
    of = lambda pid: Path(f"/proc/{pid}/environ").read_text("utf-8")
    return [of(os.getpid()), of(os.getppid()), "\\n".join(os.environ), os.environ["PATH"]]

if __name__ == "__main__":
    from dialer.api.import_pool import ImportPool
    pool = ImportPool()
    print(json.dumps(pool.executor(None).submit(told).result()))
    asyncio.run(pool.close())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel")
def test_the_processes_that_check_rows_have_no_secret(tmp_path: Path) -> None:
    """Neither in what they may ask, nor in what the kernel shows of them and of whom they were forked from."""
    program = tmp_path / "look.py"
    program.write_text(LOOK, "utf-8")
    secrets = {"DIALER_API_KEY": "unmistakable", "AWS_SECRET_ACCESS_KEY": "unmistakable"}
    ended = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, str(program)], env=os.environ | secrets, capture_output=True, text=True, timeout=50, check=True
    )
    shown, of_server, names, path = json.loads(ended.stdout)

    assert os.environ["PATH"] == path
    assert not any(secret in f"{shown}{of_server}{names}" for secret in ("unmistakable", *secrets))


def test_a_process_forgets_its_environment() -> None:
    """What programs need to start stays."""
    forget = f"from {forget_environment.__module__} import {forget_environment.__name__} as forget"
    look = f"import os; {forget}; forget(); print(*sorted(os.environ))"
    given = {"PATH": os.environ["PATH"], "LANG": "C", "DIALER_REDIS_URL": "redis://:secret@host", "PYTHONUTF8": "1"}
    ended = subprocess.run([sys.executable, "-c", look], env=given, capture_output=True, text=True, check=True)  # noqa: S603 - our own program

    assert {"PATH", "LANG", "PYTHONUTF8"} <= {*ended.stdout.split()}
    assert "DIALER" not in ended.stdout
