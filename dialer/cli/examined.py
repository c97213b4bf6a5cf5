"""The settings of the dialer to be examined: the environment, completed with the `dialer up` of this data folder."""

from __future__ import annotations

from dialer.cli.configuration import base_url
from dialer.cli.credentials import load_credentials
from dialer.cli.stand_in import pointing_at
from dialer.processes.folder import owner_of
from dialer.settings import Settings, load_settings


def examined_settings() -> tuple[Settings, str]:
    """All settings as far as they are known, and where the API listens; with DIALER_REDIS_URL set, only those set here.

    Raises InvalidInput for a setting that cannot be used.
    """
    settings = load_settings()
    kept = load_credentials(settings.data_dir)
    owner = owner_of(settings.data_dir) if settings.redis_url is None else None
    settings = load_settings(
        redis_url=settings.redis_url or (owner and owner.redis_url),
        api_key=settings.api_key or (kept and kept.api_key),
        webhook_secret=settings.webhook_secret or (kept and kept.webhook_secret),
        erasure_secret=settings.erasure_secret or (kept and kept.erasure_secret) or None,
    )
    if owner is not None and owner.stand_in is not None:
        settings = settings.model_copy(update=pointing_at(owner.stand_in) | {"public_url": owner.api_url})
    return settings, (owner and owner.api_url) or base_url(settings.host, settings.port)
