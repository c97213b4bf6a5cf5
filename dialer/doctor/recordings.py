"""The place for recordings: can a file be written there, read back and deleted?"""

from __future__ import annotations

import asyncio
from secrets import token_hex

from dialer.doctor.finding import Finding, failed, ok, warning
from dialer.doctor.patient import PATIENCE_S, Patient
from dialer.errors import NotFound, StorageUnavailable
from dialer.recordings.storage import Storage

_ADVICE = "Recordings cannot be kept: let the dialer's user write to DIALER_RECORDINGS_URL, or set it to another place."
_BYTES = b"dialer doctor"


async def storage(patient: Patient) -> Finding:
    """A file of a few bytes goes there and back; nothing of it stays."""
    place, name = patient.settings.recordings_place, f"doctor/{token_hex(8)}"
    kept = Storage(place)
    try:
        async with asyncio.timeout(PATIENCE_S):
            async with kept.upload(name) as upload:
                await upload.begin()
                await upload.write(_BYTES)
                await upload.complete(len(_BYTES))
            read = b"".join([piece async for piece in kept.read(name, range(len(_BYTES)))])
            await kept.delete(name)
    except (StorageUnavailable, NotFound, TimeoutError) as error:
        return failed(str(error) or f"the storage {place} does not answer in {PATIENCE_S:.0f} s", _ADVICE)
    if read != _BYTES:
        return failed(f"{place} gives back other bytes than were written", _ADVICE)
    if patient.settings.recordings_url is None and not patient.settings.plays_carrier:
        advice = "With several machines, set DIALER_RECORDINGS_URL to a bucket or a shared folder."
        return warning(f"written, read and deleted in {place}, a folder of this machine alone", advice)
    return ok(f"written, read and deleted in {place}")
