"""What docs/faults.md tells of how long others wait for a process that stands still is how the code has it."""

from __future__ import annotations

import math
import re
from pathlib import Path

from dialer import hang_ups, idempotency, keys, queue
from dialer.callbacks import outbox
from dialer.dialing import CLAIM_LEASE_MS
from dialer.providers.kpn.shared_token import LOCK_MS
from dialer.store import copies, erasing, escalating, recordings, rows
from jobs import hopper, place, worker

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
_ROW = re.compile(r"^\| ([^|]+) \| (?:`\w+` \+ )?([0-9.]+) s \|", re.MULTILINE)


def test_how_long_others_wait_is_told() -> None:
    """Each row, in their order, rounded up to what is told."""
    table = PAGE.read_text("utf-8").partition("<!-- held -->")[2].partition("<!-- /held -->")[0]
    half_minute = {copies.COPY_LEASE_MS, erasing.ERASE_LEASE_MS, escalating.ESCALATE_LEASE_MS}
    minute = {outbox.LEASE_MS, recordings.LEASE_MS, rows.IMPORT_LEASE_MS}

    assert [30_000] == [*half_minute]
    assert [60_000] == [*minute]
    assert [
        math.ceil(15 * hopper.GATHER_S) / 10,
        hopper.IDLE_S,
        CLAIM_LEASE_MS / 1000,
        place.LEASE_MARGIN_S,
        LOCK_MS / 1000,
        keys.WORKER_ALIVE_MS / 1000,
        hang_ups.LEASE_MS / 1000,
        30,
        idempotency.RUNNING_MS / 1000,
        60,
        queue.JOB_EXPIRES_MS / 1000 + worker.LAPSED_S,
    ] == [float(told) for _, told in _ROW.findall(table)]
