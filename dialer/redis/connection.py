"""Every connection to Redis is made here: to one server or to the primary that sentinels name, plain or over TLS.

Whoever connects gets a pool that asks the sentinels anew for each connection, so that after a failover the next one
leads to the new primary. redis-py tries nothing again by itself: what a lost connection left open is for its user to
decide (`batch.py`), except where a user asks for retries (`queue.py`).

Commands are written by hiredis, as replies are read by it: redis-py's own way takes almost four times as long, and the
commands of a call have some three hundred parts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hiredis import pack_command
from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.connection import Connection, SSLConnection, UnixDomainSocketConnection
from redis.asyncio.sentinel import (
    Sentinel,
    SentinelConnectionPool,
    SentinelManagedConnection,
    SentinelManagedSSLConnection,
)
from redis.exceptions import DataError

from dialer.redis.address import RedisAddress
from dialer.settings.redis import RedisSettings

_SOCKET_TIMEOUT_S = 5.0
_SENTINEL_TIMEOUT_S = 1.0  # one that is cut off must not keep us long from asking the next


def open_redis(settings: RedisSettings) -> Redis:
    """A client with our time limits; nothing is asked yet. Raises InvalidInput where no URL is set."""
    pool = open_pool(
        settings,
        decode_responses=True,
        socket_timeout=_SOCKET_TIMEOUT_S,
        socket_connect_timeout=_SOCKET_TIMEOUT_S,
    )
    return Redis.from_pool(pool)


def open_pool(settings: RedisSettings, **options: Any) -> ConnectionPool:
    """A pool of connections with these options of redis-py. Raises InvalidInput where no URL is set."""
    address = settings.redis_address
    options |= {"db": address.database, "username": address.username, "password": address.password}
    # Users with least privilege may not name their library, and nobody reads it.
    options |= {"lib_name": None, "lib_version": None, "socket_keepalive": True}
    if address.socket:
        del options["socket_keepalive"]
        return ConnectionPool(connection_class=_Socket, path=address.socket, **options)
    if address.is_tls:
        options |= _tls(settings)
    if address.service:
        managed = _PrimaryTls if address.is_tls else _Primary
        return _PrimaryPool(address.service, _sentinels(address, settings), connection_class=managed, **options)  # type: ignore[no-untyped-call] # redis-py has no annotation there
    (host, port), *_ = address.hosts
    kind = _Tls if address.is_tls else _Plain
    return ConnectionPool(connection_class=kind, host=host, port=port, **options)


class _Packing:
    """Writes commands as redis-py does: words of the command's name apart, nothing but what has one spelling."""

    def pack_command(self, *args: Any) -> list[bytes]:
        return [_packed(args)]

    def pack_commands(self, commands: Iterable[Iterable[Any]]) -> list[bytes]:
        return [_packed(tuple(command)) for command in commands]


class _Plain(_Packing, Connection):
    pass


class _Tls(_Packing, SSLConnection):
    pass


class _Socket(_Packing, UnixDomainSocketConnection):
    pass


class _Primary(_Packing, SentinelManagedConnection):
    pass


class _PrimaryTls(_Packing, SentinelManagedSSLConnection):
    pass


def _packed(command: tuple[Any, ...]) -> bytes:
    name, *args = command
    try:
        packed: bytes = pack_command((*name.split(), *args))
    except TypeError as error:
        raise DataError(f"{error} Convert it to one of these first.") from None
    return packed


class _PrimaryPool(SentinelConnectionPool):
    """Connections to the primary; closing it closes those to the sentinels too."""

    async def disconnect(self, inuse_connections: bool = True) -> None:  # noqa: FBT001, FBT002 - redis-py's signature
        await super().disconnect(inuse_connections)
        if inuse_connections:  # not where a new primary was found: then only idle connections are closed
            for sentinel in self.sentinel_manager.sentinels:
                await sentinel.aclose()


def _sentinels(address: RedisAddress, settings: RedisSettings) -> Sentinel:
    is_tls = address.is_tls if settings.redis_sentinel_tls is None else settings.redis_sentinel_tls
    secret = settings.redis_sentinel_password
    options: dict[str, Any] = {
        "username": settings.redis_sentinel_username,
        "password": secret.get_secret_value() if secret else None,
        "socket_timeout": _SENTINEL_TIMEOUT_S,
        "socket_connect_timeout": _SENTINEL_TIMEOUT_S,
        "ssl": is_tls,
        "lib_name": None,
        "lib_version": None,
    }
    return Sentinel(list(address.hosts), sentinel_kwargs=options | (_tls(settings) if is_tls else {}))  # type: ignore[no-untyped-call] # as above


def _tls(settings: RedisSettings) -> dict[str, Any]:
    return {
        "ssl_cert_reqs": "required",
        "ssl_check_hostname": settings.redis_check_hostname,
        "ssl_ca_certs": _text(settings.redis_ca_file),
        "ssl_certfile": _text(settings.redis_cert_file),
        "ssl_keyfile": _text(settings.redis_key_file),
    }


def _text(path: object) -> str | None:
    return None if path is None else str(path)
