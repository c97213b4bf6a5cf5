"""Programs of Debian that some tests run: whoever has not installed them skips those tests; under CI they fail."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest


def needs(program: str) -> pytest.MarkDecorator:
    """Marks tests that run this program."""
    is_missing = shutil.which(program) is None
    return pytest.mark.skipif(is_missing and "CI" not in os.environ, reason=f"{program} is not on PATH")


def run(program: str, *arguments: object) -> tuple[int, str]:
    """Its exit code and all that it said."""
    command = [shutil.which(program) or program, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)  # noqa: S603 - our own files
    return done.returncode, done.stderr + done.stdout
