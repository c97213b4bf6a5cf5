"""Programs of the system that a test cannot do without: skipped where one is missing, failed where all must hold."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest


def program(name: str) -> str:
    """The path of a program; without it the test is skipped, and fails under CI, whose script installs it."""
    found = shutil.which(name)
    if found is None:
        (pytest.fail if "CI" in os.environ else pytest.skip)(f"{name} is not on PATH")
    return found


def run(name: str, *arguments: object) -> tuple[int, str]:
    """Run a program to its end; its exit code and all that it said, what it said to programs last."""
    command = [program(name), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)  # noqa: S603 - our own files
    return done.returncode, done.stderr + done.stdout
