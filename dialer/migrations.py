"""The steps by which data that an earlier release wrote becomes what this one writes; a step for each version.

A step is a pure function over hashes: of a campaign, and of fifty of its calls. It is applied page by page
(`store/migrating.py`), may be applied twice, and what it makes of its own result is nothing. No I/O.

A step that programs of the version before can read as well leaves `needs` where it is (*expand*). What only newer ones
read is a later version of its own (*contract*): it raises `needs`, and so waits until no older program runs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dialer.clock import FIRST, LAST, to_ms

Change = Callable[[Mapping[str, str]], dict[str, str]]
"""What is to be written instead, of the fields of one hash; nothing where all is well."""

FIRST_MS, LAST_MS = to_ms(FIRST), to_ms(LAST)
PACKED_SINCE = 3
"""The oldest version of a program that can read packed attempts (`lua/parts/packed.lua`)."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step.

    Attributes:
        version: of the data once it is done, one more than before.
        needs: the oldest version of a program that may read the data from the beginning of the step on.
        about: what it does, for whoever runs it.
        of_campaign: changes a campaign's hash.
        of_calls: changes a bucket of calls (`keys.bucket`).
    """

    version: int
    needs: int
    about: str
    of_campaign: Change
    of_calls: Change


def mended_campaign(fields: Mapping[str, str]) -> dict[str, str]:
    """Moments of a campaign that UTC has no year for, as the nearest one that it has."""
    mended: dict[str, str] = {}
    if "expires_at" in fields and (end := _within(float(fields["expires_at"]))) is not None:
        mended["expires_at"] = str(end)
    windows: dict[str, Any] = json.loads(fields.get("windows", "{}"))
    if "not_before" in windows and (begin := _within(float(windows["not_before"]))) is not None:
        mended["windows"] = json.dumps(windows | {"not_before": begin})
    return mended


def mended_calls(fields: Mapping[str, str]) -> dict[str, str]:
    """The ends of single calls of which the same is true; they stand beside the calls' tries."""
    mended: dict[str, str] = {}
    for name, text in fields.items():
        if not name.endswith("t") or '"x"' not in text:
            continue
        tries: dict[str, Any] = json.loads(text)
        if (end := _within(float(tries["x"]))) is not None:
            mended[name] = json.dumps(tries | {"x": end}, separators=(",", ":"))
    return mended


def _within(moment_ms: float) -> int | None:
    """The nearest moment that can be told; None for one that can."""
    return None if FIRST_MS <= moment_ms <= LAST_MS else min(max(int(moment_ms), FIRST_MS), LAST_MS)


def _nothing(_: Mapping[str, str]) -> dict[str, str]:
    return {}


MIGRATIONS = (
    Migration(
        version=2,
        needs=1,
        about="ends and beginnings of campaigns and calls before the year 1 or beyond 9999, which an earlier release "
        "took and no list can show, become the first or last moment that can be told",
        of_campaign=mended_campaign,
        of_calls=mended_calls,
    ),
    Migration(
        version=3,
        needs=PACKED_SINCE,
        about="attempts that end from now on are kept in a third of the memory, which older releases cannot read",
        of_campaign=_nothing,
        of_calls=_nothing,
    ),
)
