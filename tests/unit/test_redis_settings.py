"""Settings of Redis: the addresses that are understood, what goes with which, and what is said of a wrong one."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio.connection import SSLConnection
from redis.asyncio.sentinel import SentinelManagedSSLConnection

from dialer.errors import InvalidInput
from dialer.redis.address import RedisAddress, parse_address
from dialer.redis.connection import open_pool
from dialer.settings import Settings, load_settings

SENTINELS = "redis+sentinel://one,two:5000,[::1]/dialer"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://host", RedisAddress(hosts=(("host", 6379),))),
        ("redis://10.0.0.1:7000/3", RedisAddress(hosts=(("10.0.0.1", 7000),), database=3)),
        ("redis://[::1]:7000/", RedisAddress(hosts=(("::1", 7000),))),
        (
            "rediss://dialer:p%40ss%2F@host/1",
            RedisAddress(hosts=(("host", 6379),), database=1, username="dialer", password="p@ss/", is_tls=True),
        ),
        ("redis://:secret@host", RedisAddress(hosts=(("host", 6379),), password="secret")),
        ("redis://dialer@host", RedisAddress(hosts=(("host", 6379),), username="dialer")),
        ("unix:///run/redis.sock", RedisAddress(socket="/run/redis.sock")),
        ("unix://:p@/run/redis.sock?db=2", RedisAddress(socket="/run/redis.sock", database=2, password="p")),
        (SENTINELS, RedisAddress(hosts=(("one", 26379), ("two", 5000), ("::1", 26379)), service="dialer")),
        (
            "rediss+sentinel://dialer:p@one/calls/4",
            RedisAddress(
                hosts=(("one", 26379),), service="calls", database=4, username="dialer", password="p", is_tls=True
            ),
        ),
    ],
)
def test_addresses_are_read(url: str, address: RedisAddress) -> None:
    """Each way to reach a Redis has one way to write it."""
    assert address == parse_address(url)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://host", "must begin with redis://"),
        ("host:6379", "must begin with redis://"),
        ("redis://", "must name a host"),
        ("redis://host:0", "must name a host"),
        ("redis://host:66000", "must name a host"),
        ("redis://a:s3cret:b@c@host:x", "must name a host"),
        ("redis://one,two", "several are for sentinels"),
        ("redis://host/first", "number of a database"),
        ("redis://host?ssl_cert_reqs=none", "options are settings of their own"),
        ("redis://:s3cret#@host", "%23"),
        ("unix://run/redis.sock", "whole path"),
        ("unix:///", "whole path"),
        ("unix:///s?db=1&x=1", "no option but `db`"),
        ("redis+sentinel://one,two", "must name the service"),
        ("redis+sentinel://one,,two/dialer", "must name a host"),
    ],
)
def test_wrong_addresses_are_told_without_their_secret(url: str, words: str) -> None:
    """The sentence names the variable and what to write, and never repeats what may hold a password."""
    with pytest.raises(InvalidInput, match="DIALER_REDIS_URL is not usable: ") as refused:
        load_settings(redis_url=url)

    assert (True, "DIALER_REDIS_URL") == (words in str(refused.value), refused.value.field)
    assert "s3cret" not in str(refused.value)


@given(st.text(st.characters(codec="utf-8"), max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No address is too strange for a sentence."""
    for scheme in ("redis", "unix", "rediss+sentinel"):
        with suppress(ValueError):
            assert parse_address(f"{scheme}://{text}")


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    """A file that can be read."""
    path = tmp_path / "some.pem"
    path.write_text("")
    return path


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"redis_password": "p"}, "DIALER_REDIS_PASSWORD is not usable: .*set DIALER_REDIS_URL"),
        ({"redis_url": "redis://:p@h", "redis_password": "p"}, "DIALER_REDIS_PASSWORD .*leave one"),
        ({"redis_url": "redis://h", "redis_ca_file": "PEM"}, "DIALER_REDIS_CA_FILE .*rediss://"),
        ({"redis_url": "rediss://h", "redis_ca_file": "/nowhere"}, "DIALER_REDIS_CA_FILE .*cannot be read .No such"),
        ({"redis_url": "rediss://h", "redis_cert_file": "PEM"}, "DIALER_REDIS_KEY_FILE .*set both"),
        ({"redis_url": "rediss://h", "redis_key_file": "PEM"}, "DIALER_REDIS_KEY_FILE .*set both"),
        ({"redis_url": "redis://h", "redis_sentinel_password": "p"}, "DIALER_REDIS_SENTINEL_PASSWORD .*sentinels"),
        ({"redis_url": "redis://h", "redis_sentinel_tls": True}, "DIALER_REDIS_SENTINEL_TLS .*sentinels"),
        ({"redis_replicas_acknowledged": 1}, "DIALER_REDIS_REPLICAS_ACKNOWLEDGED .*DIALER_REDIS_URL"),
        ({"redis_url": "redis://h", "redis_replicas_acknowledged": 9}, "DIALER_REDIS_REPLICAS_ACKNOWLEDGED"),
    ],
)
def test_what_does_not_go_together_is_told(given: dict[str, Any], words: str, pem: Path) -> None:
    """A setting without effect is a mistake, and its sentence says what is missing."""
    with pytest.raises(InvalidInput, match=words):
        load_settings(**{name: pem if value == "PEM" else value for name, value in given.items()})


@pytest.mark.parametrize(
    ("given", "replicas"),
    [
        ({}, 0),
        ({"redis_url": "redis://h"}, 0),
        ({"redis_url": SENTINELS}, 1),
        ({"redis_url": SENTINELS, "redis_replicas_acknowledged": 0}, 0),
        ({"redis_url": "redis://h", "redis_replicas_acknowledged": 2}, 2),
    ],
)
def test_with_sentinels_a_replica_must_confirm(given: dict[str, Any], replicas: int) -> None:
    """A failover may come where sentinels are, so one must have each change unless told otherwise."""
    assert replicas == load_settings(**given).replicas_acknowledged


def test_no_secret_is_shown() -> None:
    """Neither of the settings nor of the address they give."""
    settings = Settings(redis_url="redis://u:s3cret@h")
    other = load_settings(redis_url=SENTINELS, redis_password="s3cret", redis_sentinel_password="s3cret")

    assert "s3cret" not in f"{settings!r}{settings.redis_address!r}{other!r}{other.redis_address!r}"
    assert "s3cret" == settings.redis_address.password == other.redis_address.password


async def test_tls_checks_the_server_and_shows_our_certificate(pem: Path) -> None:
    """Over TLS the certificate is always asked for and, unless told otherwise, held against the host's name."""
    given = {"redis_ca_file": pem, "redis_cert_file": pem, "redis_key_file": pem}
    single = open_pool(load_settings(redis_url="rediss://h", **given))
    sentinels = open_pool(load_settings(redis_url=f"rediss{SENTINELS[5:]}", redis_check_hostname=False, **given))
    plain = open_pool(load_settings(redis_url=f"rediss{SENTINELS[5:]}", redis_sentinel_tls=False))

    tls = {"ssl_cert_reqs": "required", "ssl_check_hostname": True}
    tls |= dict.fromkeys(("ssl_ca_certs", "ssl_certfile", "ssl_keyfile"), str(pem))
    assert tls.items() <= single.connection_kwargs.items()
    assert (tls | {"ssl_check_hostname": False}).items() <= sentinels.connection_kwargs.items()
    assert issubclass(single.connection_class, SSLConnection)
    assert issubclass(sentinels.connection_class, SentinelManagedSSLConnection)
    asked = [pool.sentinel_manager.sentinels[0].connection_pool for pool in (sentinels, plain)]  # type: ignore[attr-defined]
    assert [True, False] == [issubclass(pool.connection_class, SSLConnection) for pool in asked]
