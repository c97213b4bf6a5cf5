"""The API keys: does one lapse soon, and a system with it?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from dialer import keys
from dialer.doctor.finding import Finding, ok, warning
from dialer.doctor.patient import Patient
from dialer.store.access import read_key

_SOON = timedelta(days=7)  # time for a person to make another and to put it where it is used


async def lasting(patient: Patient) -> Finding:
    """None of them lapses within a week."""
    records: dict[str, str] = await patient.store.hgetall(keys.API_KEYS)  # type: ignore[misc] # also that of no asyncio
    found = [read_key(*one) for one in records.items()]
    seconds, _ = await patient.store.time()
    now = datetime.fromtimestamp(seconds, UTC)
    good = [key for key in found if not key.is_lapsed(now)]
    soon = ", ".join(f"{key.id} ({key.name})" for key in good if key.is_lapsed(now + _SOON))
    if soon:
        advice = "Make another by `dialer key create` for whoever uses it, and revoke this one."
        return warning(f"lapsing within a week: {soon}", advice)
    return ok(f"{len(good)} besides DIALER_API_KEY, and {len(found) - len(good)} that lapsed")
