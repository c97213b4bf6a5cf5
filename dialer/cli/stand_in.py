"""The carrier stand-in as a command meets it: the settings that point at one, and the one that runs in this folder."""

from __future__ import annotations

from pydantic import SecretStr

from dialer.processes.folder import owner_of
from dialer.settings import Settings, load_settings
from dialer.simulator.routes import BASE, TOKEN_PATH


def carrier_settings() -> Settings:
    """Settings for asking the carrier: those set here, else the stand-in that `dialer up --simulate` runs here."""
    settings = load_settings()
    owner = owner_of(settings.data_dir)
    if settings.carrier_client_id is not None or owner is None or owner.stand_in is None:
        return settings
    return settings.model_copy(
        update=pointing_at(owner.stand_in) | {"public_url": settings.public_url or owner.api_url}
    )


def pointing_at(origin: str) -> dict[str, object]:
    """The settings that make a dialer use a stand-in, which takes any credentials."""
    return {
        "carrier_url": origin + BASE,
        "carrier_token_url": origin + TOKEN_PATH,
        "carrier_client_id": "stand-in",
        "carrier_client_secret": SecretStr("stand-in"),
        "carrier_application_id": "stand-in",
        "from_number": "+31201234567",
        "recording_origins": frozenset({origin}),
        "signature_secret": None,  # it signs nothing unless it is told to
        "trunks": {},  # those of the settings are carriers' own, where phones would ring
    }
