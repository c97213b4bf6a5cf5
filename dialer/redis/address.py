"""Where Redis is, read from one URL: a server, or sentinels that know which server is the primary now.

    redis://[user[:password]@]host[:port][/database]             rediss:// the same over TLS
    unix://[user[:password]@]/path/of/socket[?db=database]
    redis+sentinel://[user[:password]@]host[:port][,host[:port] ...]/service[/database]
                                                                 rediss+sentinel:// the same over TLS

User and password are those of the Redis servers; what sentinels want is set apart. Errors never repeat the URL: it may
hold a password.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

SCHEMES = ("redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel")
_PORT, _SENTINEL_PORT = 6379, 26379
_HOST = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\[\]:/@\s]+)(?::(?P<port>[0-9]{1,5}))?")
_MOST_PORT = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisAddress:
    """One place to connect to.

    Attributes:
        hosts: names and ports: of the one server, or of the sentinels; none with a socket.
        socket: the path of a unix socket.
        service: what the sentinels call the primary; None without sentinels.
        is_tls: whether connections are encrypted.
    """

    hosts: tuple[tuple[str, int], ...] = ()
    socket: str | None = None
    service: str | None = None
    database: int = 0
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    is_tls: bool = False


def parse_address(url: str) -> RedisAddress:
    """Read a URL. Raises ValueError with words that say what to write instead and hold nothing of it."""
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES:
        raise ValueError(f"must begin with {', '.join(f'{scheme}://' for scheme in SCHEMES[:-1])} or {SCHEMES[-1]}://")
    if parts.fragment:
        raise ValueError("must not hold a `#`: write %23 for one in a password")
    who, _, where = parts.netloc.rpartition("@")
    user, _, secret = who.partition(":")
    base = RedisAddress(
        username=unquote(user) or None, password=unquote(secret) or None, is_tls=parts.scheme.startswith("rediss")
    )
    if parts.scheme == "unix":
        return replace(base, socket=_socket(parts, where), database=_database(_option(parts)))
    if parts.query:
        raise ValueError("must not hold a `?`: options are settings of their own, and %3F is one in a password")
    path = parts.path.strip("/")
    if not parts.scheme.endswith("+sentinel"):
        return replace(base, hosts=_hosts(where, _PORT, most=1), database=_database(path))
    service, _, database = path.partition("/")
    if not service:
        raise ValueError("must name the service that sentinels watch, as in redis+sentinel://host1,host2,host3/dialer")
    hosts = _hosts(where, _SENTINEL_PORT)
    return replace(base, hosts=hosts, service=unquote(service), database=_database(database))


def _socket(parts: SplitResult, where: str) -> str:
    if where or not parts.path.strip("/"):
        raise ValueError("must name the socket by its whole path, as in unix:///run/redis/redis.sock")
    return unquote(parts.path)


def _option(parts: SplitResult) -> str:
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if options.keys() - {"db"}:
        raise ValueError("takes no option but `db` behind the `?`")
    return options.get("db", "")


def _hosts(where: str, port: int, most: int | None = None) -> tuple[tuple[str, int], ...]:
    found = [_HOST.fullmatch(one.strip()) for one in where.split(",")]
    hosts = [(one["host"].strip("[]"), int(one["port"] or port)) for one in found if one]
    if len(hosts) != len(found) or any(not 0 < number <= _MOST_PORT for _, number in hosts):
        raise ValueError("must name a host, or host:port; write %40, %2F and %3A for @, / and : in a password")
    if most and len(hosts) > most:
        raise ValueError("must name one host; several are for sentinels, redis+sentinel://host1,host2,host3/service")
    return tuple(hosts)


def _database(text: str) -> int:
    if not re.fullmatch(r"[0-9]{0,4}", text):
        raise ValueError("must end with the number of a database, such as /0, or with nothing")
    return int(text or 0)
