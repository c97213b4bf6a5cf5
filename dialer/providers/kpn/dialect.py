"""Which of the carrier's two generations is spoken, and what of it goes through KPN. No I/O.

KPN publishes the interface of 2018 to 2021. What came later, or was left out of KPN's list, may or may not be passed
on (REFERENCE 3 and 13): each such thing is off until somebody has tried it with KPN and says so. Asking for it while
it is off is an error with that advice, never silence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dialer.errors import InvalidInput
from dialer.settings import Settings
from dialer.voices import Generation

_MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What may be said to this carrier.

    Attributes:
        generation: how a voice is named when speaking into a live call.
        voice_field: the field for it in the older generation: Vonage's and KPN's documents differ (REFERENCE 2.5).
        allow_inline_ncco: a transfer may carry its script.
        allow_advanced: advanced machine detection, which is paid for.
        allow_random_from: the carrier may choose the caller id.
        allow_sip_headers: a SIP address may have headers.
        recording_origins: `scheme://host:port` from which recordings are fetched besides the carrier's own hosts, also
            without TLS and from private addresses: for the stand-in.
        largest_recording_bytes: two hours of WAV are 230 MB, of MP3 29 MB.
    """

    generation: Generation = "2018"
    voice_field: Literal["voice_name", "voiceName"] = "voice_name"
    allow_inline_ncco: bool = False
    allow_advanced: bool = False
    allow_random_from: bool = False
    allow_sip_headers: bool = False
    recording_origins: frozenset[str] = frozenset()
    largest_recording_bytes: int = 512 * _MEBIBYTE


def dialect_from_settings(settings: Settings) -> Dialect:
    """The dialect that the settings allow."""
    extras = settings.carrier_extras
    return Dialect(
        generation=settings.carrier_generation,
        allow_inline_ncco="inline_ncco" in extras,
        allow_advanced="advanced_detection" in extras,
        allow_random_from="random_from" in extras,
        allow_sip_headers="sip_headers" in extras,
        recording_origins=settings.recording_origins,
    )


def require(what: str, *, allowed: bool, field: str) -> None:
    """Raise InvalidInput where something is asked for that is off."""
    if not allowed:
        raise InvalidInput(
            f"{what} may not pass through KPN; once you have tried it, allow it in DIALER_CARRIER_EXTRAS", field=field
        )
