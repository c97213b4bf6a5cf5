"""Programs of the system that a test cannot do without: skipped where one is missing, failed where all must hold."""

from __future__ import annotations

import os
import shutil

import pytest


def program(name: str) -> str:
    """The path of a program; without it the test is skipped, and fails under CI, whose script installs it."""
    found = shutil.which(name)
    if found is None:
        (pytest.fail if "CI" in os.environ else pytest.skip)(f"{name} is not on PATH")
    return found
