"""A log that cannot be written."""

from __future__ import annotations

import logging
import sys
from io import StringIO

import pytest
import structlog

from dialer import log, metrics
from dialer.log_output import Output


class _Full(StringIO):
    """A file on a full disk."""

    def write(self, _: str) -> int:
        raise OSError(28, "No space left on device")


def test_line_that_cannot_be_written_is_counted_and_keeps_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever tells something goes on."""
    before = structlog.get_config()
    lost = metrics.LOG_LINES_LOST._value.get()
    try:
        monkeypatch.setattr(sys, "stdout", _Full())
        log.set_up()
        structlog.get_logger().warning("disk.full", why="of this test")
    finally:
        structlog.configure(**before)

    assert lost + 1 == metrics.LOG_LINES_LOST._value.get()


def test_line_that_a_library_got_wrong_keeps_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever logs it goes on, and it is told whose it was."""
    record = logging.LogRecord("library", logging.ERROR, __file__, 1, "%d calls", ("many",), None)
    log._Handler(Output(StringIO())).emit(record)

    assert "%d calls" in capsys.readouterr().err
