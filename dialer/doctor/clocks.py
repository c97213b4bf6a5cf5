"""Clocks: this machine's against Redis', by which everything is timed, and Redis' against the carrier's."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

import aiohttp

from dialer.causes import cause
from dialer.doctor.finding import Finding, failed, ok, warning
from dialer.doctor.patient import Patient

_SAMPLES = 5
_HERE_S = 1.0
_CARRIER_S = 2.5  # its Date counts whole seconds, and travels
_FAR_S = 60.0
_ADVICE = "Keep the clocks of all machines by NTP (timedatectl set-ntp true)."


async def here(patient: Patient) -> Finding:
    """This machine's clock against Redis'."""
    _, offset_s = min([await _measured(patient) for _ in range(_SAMPLES)])
    return judged(offset_s, f"this machine is {_apart(offset_s, 3)} Redis", near_s=_HERE_S)


async def carrier(patient: Patient) -> Finding:
    """The carrier's clock against Redis', by the Date of an answer, whatever it says."""
    asked_s = await _redis_s(patient)
    try:
        async with patient.http.get(patient.settings.carrier_url, allow_redirects=False) as response:
            date = response.headers.get("Date", "")
    except (aiohttp.ClientError, OSError) as error:
        advice = "Let this machine reach the carrier over HTTPS (firewall, proxy, DNS), or mend DIALER_CARRIER_URL."
        return failed(f"the carrier does not answer ({cause(error)})", advice)
    middle_s = (asked_s + await _redis_s(patient)) / 2
    try:
        # A Date is cut to whole seconds: on average half of one is missing.
        offset_s = parsedate_to_datetime(date).timestamp() + 0.5 - middle_s
    except ValueError:
        return warning("the carrier tells no date", _ADVICE)
    return judged(offset_s, f"the carrier is {_apart(offset_s, 1)} Redis", near_s=_CARRIER_S)


def judged(offset_s: float, found: str, *, near_s: float) -> Finding:
    """What an offset means."""
    if abs(offset_s) > _FAR_S:
        return failed(found, _ADVICE)
    return warning(found, _ADVICE) if abs(offset_s) > near_s else ok(found)


def _apart(offset_s: float, digits: int) -> str:
    return f"{abs(offset_s):.{digits}f} s {'ahead of' if offset_s >= 0 else 'behind'}"


async def _measured(patient: Patient) -> tuple[float, float]:
    """A round trip and the offset that it showed."""
    before_s, started = time.time(), time.perf_counter()
    redis_s = await _redis_s(patient)
    round_trip_s = time.perf_counter() - started
    return round_trip_s, before_s + round_trip_s / 2 - redis_s


async def _redis_s(patient: Patient) -> float:
    seconds, micros = await patient.store.time()
    return float(seconds) + float(micros) / 1_000_000
