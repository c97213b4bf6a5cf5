"""When people may be called, and how it stands with that now, as a client is answered."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import Field

from dialer.api.models import Outgoing
from dialer.window_text import format_days, format_time
from dialer.windows import Windows


class HoursOut(Outgoing):
    """Hours of some days of the week."""

    days: str
    from_: str = Field(alias="from")
    to: str


class WindowsOut(Outgoing):
    """When people may be called, on their own clocks."""

    hours: list[HoursOut] = Field(description="None: all hours of all days.")
    closed: list[str]
    holidays: str | None
    not_before: datetime | None
    timezone: str | None

    @classmethod
    def of(cls, windows: Windows) -> Self:
        """The answer for some windows."""
        hours = [
            HoursOut(days=format_days(h.days), from_=format_time(h.start), to=format_time(h.end)) for h in windows.hours
        ]
        return cls(
            hours=hours,
            closed=sorted(map(str, windows.closed)),
            holidays=windows.holidays,
            not_before=windows.not_before,
            timezone=windows.zone,
        )


class CohortOut(Outgoing):
    """Calls of a campaign that open and close together."""

    zones: list[str] = Field(description="Whose clocks count: open is only what is open in all of them.")
    is_open: bool
    opens_at: datetime | None = Field(description="When it opens; null while it is open, or if it does not soon.")
    closes_at: datetime | None = Field(description="When it closes, now or after that.")
