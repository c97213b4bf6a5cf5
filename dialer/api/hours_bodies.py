"""When people may be called, as a client sends it. What it means is checked by `dialer/api/hours.py`."""

from __future__ import annotations

from pydantic import Field

from dialer.api.models import Incoming, Moment


class HoursBody(Incoming):
    """Hours of some days of the week."""

    days: str = Field("mo-su", max_length=40, description="Such as mo-fr or mo,we,sa.")
    from_: str = Field("00:00", alias="from", max_length=5, description="Such as 09:00.")
    to: str = Field(
        "24:00", max_length=5, description="Such as 20:00; what is not later than `from` is the next day's."
    )


class WindowsBody(Incoming):
    """When people may be called, on their own clocks. Checked by `dialer/api/hours.py`."""

    hours: list[HoursBody] = Field(default_factory=list, max_length=50, description="None: all hours of all days.")
    closed: list[str] = Field(default_factory=list, max_length=400, description="Dates such as 2026-12-31.")
    holidays: str | None = Field(
        None, max_length=20, description="Country or part of one whose public holidays are closed: NL, DE-BY."
    )
    not_before: Moment | None = Field(None, description="When the campaign begins.")
    timezone: str | None = Field(
        None, max_length=64, description="Whose clock it is (IANA name), instead of that of where a number may be."
    )


class WindowsChange(
    Incoming,
    json_schema_extra={
        "examples": [{"windows": {"hours": [{"days": "mo-fr", "from": "09:00", "to": "20:00"}], "holidays": "NL"}}]
    },
):
    """Other windows for a campaign."""

    windows: WindowsBody | None = Field(None, description="The default (DIALER_WINDOWS) if left out; `{}` is always.")
    override_windows: bool = Field(
        default=False, description="Dial outside of them too: for urgent campaigns, where DIALER_ALLOW_OVERRIDE is set."
    )
