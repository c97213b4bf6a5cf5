"""Which carrier a command asks: the one that is set, or the stand-in of the `dialer up --simulate` in its folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dialer.cli.configuration import settings_beside_owner
from dialer.cli.examined import examined_settings
from dialer.cli.stand_in import carrier_settings
from dialer.errors import InvalidInput
from dialer.processes.folder import FolderLock, Owner
from dialer.settings import Settings, environment_name

STAND_IN, API, REDIS = "http://127.0.0.1:2", "http://127.0.0.1:1", "unix:///d/redis.sock"


@pytest.fixture(autouse=True)
def _nothing_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(environment_name(name), raising=False)
    monkeypatch.setenv("DIALER_DATA_DIR", str(tmp_path))


@pytest.fixture
async def simulated(tmp_path: Path) -> AsyncIterator[None]:
    """A `dialer up --simulate` runs in the folder."""
    lock = await FolderLock.take(tmp_path)
    lock.announce(Owner(pid=1, redis_url=REDIS, api_url=API, stand_in=STAND_IN))
    yield
    lock.release()


@pytest.mark.usefixtures("simulated")
def test_running_stand_in_is_asked() -> None:
    """With nothing set the stand-in that runs here is asked, in its own name."""
    settings = carrier_settings()

    assert (True, "stand-in", API) == (settings.plays_carrier, settings.carrier_client_id, settings.public_url)
    assert settings.carrier_url.startswith(STAND_IN)


@pytest.mark.usefixtures("simulated")
def test_credentials_that_are_set_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has set a carrier's credentials means that carrier, whatever runs in the folder."""
    monkeypatch.setenv("DIALER_CARRIER_CLIENT_ID", "me")

    assert ("me", False) == (carrier_settings().carrier_client_id, carrier_settings().plays_carrier)


@pytest.mark.usefixtures("simulated")
def test_running_dialer_is_examined(monkeypatch: pytest.MonkeyPatch) -> None:
    """The dialer of the folder is examined as it runs, with the stand-in that it dials."""
    monkeypatch.setenv("DIALER_CARRIER_CLIENT_ID", "me")
    settings, url = examined_settings()

    assert (REDIS, API, API, True) == (settings.redis_url, settings.public_url, url, settings.plays_carrier)


@pytest.mark.usefixtures("simulated")
def test_redis_that_is_set_is_examined(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a Redis set the environment alone counts."""
    monkeypatch.setenv("DIALER_REDIS_URL", "redis://fleet:6379/0")
    settings, url = examined_settings()

    assert ("redis://fleet:6379/0", "http://127.0.0.1:8080", False) == (settings.redis_url, url, settings.plays_carrier)


def test_nobody_running_leaves_what_is_set() -> None:
    """Without a running dialer nothing is made up."""
    assert (None, None) == (carrier_settings().carrier_client_id, examined_settings()[0].redis_url)


@pytest.mark.usefixtures("simulated")
def test_only_who_dials_keeps_away_from_a_stand_ins_redis() -> None:
    """A worker of its own could ring phones for calls meant for the stand-in; a migration rings nobody."""
    with pytest.raises(InvalidInput, match="starts its own workers"):
        settings_beside_owner()
    assert REDIS == settings_beside_owner(dials=False).redis_url
