"""The settings of a program about to start: the environment, completed with what a running `dialer up` knows."""

from __future__ import annotations

from dialer.cli.credentials import load_credentials
from dialer.errors import InvalidInput
from dialer.processes.folder import owner_of
from dialer.settings import Settings, load_settings

_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - an address to listen on, only read here


def settings_beside_owner(*, dials: bool = True) -> Settings:
    """Settings of a program on the Redis named, or on the private one that runs here; whether it may dial by it."""
    settings = load_settings()
    kept = load_credentials(settings.data_dir)
    return load_settings(
        redis_url=settings.redis_url or _running_redis(settings, dials=dials),
        api_key=settings.api_key or (kept and kept.api_key),
        webhook_secret=settings.webhook_secret or (kept and kept.webhook_secret),
        erasure_secret=settings.erasure_secret or (kept and kept.erasure_secret) or None,
    )


def base_url(host: str, port: int) -> str:
    """The address at which a listener on this machine is reached from this machine."""
    name = _ANYWHERE.get(host, host)
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def _running_redis(settings: Settings, *, dials: bool) -> str:
    owner = owner_of(settings.data_dir)
    if owner is None:
        raise InvalidInput(
            f"DIALER_REDIS_URL is not set and no `dialer up` with a Redis of its own runs in {settings.data_dir}. "
            "Set it to your Redis (redis://host:6379/0), or start `dialer up` first.",
            field="DIALER_REDIS_URL",
        )
    if owner.simulated and dials:
        # A worker with real credentials would dial real phones for calls meant for the stand-in.
        raise InvalidInput(
            f"The dialer in {settings.data_dir} dials the carrier stand-in and starts its own workers: "
            "give it more with `dialer up --simulate --workers N`.",
            field="DIALER_REDIS_URL",
        )
    return owner.redis_url
