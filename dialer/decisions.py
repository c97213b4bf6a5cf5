"""What allowed an attempt: the record that `begin_attempt` writes in the very step that lets it go. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from dialer.clock import at_ms

ALL_CAMPAIGNS = "*"
"""The suppression list that every campaign keeps to, among the names of the others."""
_NONE, _OVERRIDDEN = "-", "!"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """By which rules an attempt was let go.

    Attributes:
        windows_version: of the campaign's windows; None where it has none.
        opens_at, closes_at: the stretch of them in which it was; None where they were overridden, too.
        override_windows: whether it was let go although they may have been closed.
        script_version: of the text that the call says.
        list_versions: of the suppression lists that it was looked for on, `*` for the one of all campaigns.
    """

    windows_version: int | None
    opens_at: datetime | None
    closes_at: datetime | None
    script_version: int
    list_versions: Mapping[str, int]
    override_windows: bool = False

    @classmethod
    def read(cls, stored: str) -> Self:
        """From the line that the script wrote."""
        windows, opens, closes, script, every, *named = stored.split()
        lists = (one.rpartition(":") for one in named)
        return cls(
            windows_version=None if windows == _NONE else int(windows),
            opens_at=None if opens in {_NONE, _OVERRIDDEN} else at_ms(opens),
            closes_at=None if closes in {_NONE, _OVERRIDDEN} else at_ms(closes),
            override_windows=opens == _OVERRIDDEN,
            script_version=int(script),
            list_versions={ALL_CAMPAIGNS: int(every)} | {name: int(version) for name, _, version in lists},
        )
