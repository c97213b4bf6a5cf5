"""The proxy's configuration, run by nginx before two real API processes: TLS, /webhooks/ alone, no token in a log.

The chart's Ingress is run beside it as ingress-nginx does: its place is chosen by the path as nginx reads it, which is
handed on as it was written.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from yarl import URL

from dialer.api.app import KEEPALIVE_S
from dialer.processes import child
from dialer.scripts.positions import Position
from dialer.scripts.rendering import Urls
from dialer.tokens import make_token
from tests.fakes.certificates import make_certificates
from tests.fakes.chart import of_kind, rendered
from tests.fakes.fleet import Program, free_port
from tests.fakes.programs import program
from tests.fakes.redis_server import redis_server
from tests.fakes.units import SERVICES, variables_of
from tests.fakes.waiting import until

CONFIGURATION = Path(__file__).parents[3] / "deploy" / "nginx" / "nginx.conf"
TEXT = CONFIGURATION.read_text("utf-8")
SECRET = "the secret of the proxy's tests"
TOKEN = make_token(SECRET, "c0-1")
PORTS = ("8080", "8081")

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(frozen=True, slots=True)
class Proxy:
    """An nginx with two API processes behind it."""

    folder: Path
    origin: str
    ingress: str
    tls: ssl.SSLContext
    apis: list[Program]

    async def ask(
        self, path: str, *, method: str = "POST", body: bytes = b"{}", origin: str = "", headers: Mapping[str, str] = {}
    ) -> tuple[int, str]:
        """Status and content type of an answer; the path goes out as it is written."""
        address = URL(f"{origin or self.origin}{path}", encoded=True)
        async with (
            aiohttp.TCPConnector(ssl=self.tls) as connector,
            aiohttp.ClientSession(connector=connector) as http,
            http.request(method, address, data=body, headers=headers) as answer,
        ):
            return answer.status, answer.content_type

    def logged(self) -> str:
        """All that nginx and the API wrote."""
        return "\n".join(log.read_text("utf-8", "replace") for log in self.folder.rglob("*.log"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def proxy(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Proxy]:
    """The configuration as it is, with this machine's ports and files in place of a server's."""
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or program("nginx")
    folder = tmp_path_factory.mktemp("proxy")
    made = make_certificates(folder / "tls")
    ports, tls_port, ingress = [free_port() for _ in PORTS], free_port(), free_port()
    text = TEXT.replace("listen 443 ssl", f"listen 127.0.0.1:{tls_port} ssl").replace("/var/log/nginx", str(folder))
    text = text.replace("/etc/ssl/dialer/fullchain.pem", str(made.server))
    text = text.replace("/etc/ssl/dialer/privkey.pem", str(made.server_key))
    for there, here in zip(PORTS, ports, strict=True):
        assert 1 == text.count(f"127.0.0.1:{there}")
        text = text.replace(f"127.0.0.1:{there}", f"127.0.0.1:{here}")
    (folder / "dialer.conf").write_text(text + _ingress(ingress), "utf-8")
    (folder / "nginx.conf").write_text(_around(folder), "utf-8")
    tls = ssl.create_default_context(cafile=made.authority)
    surroundings = child.Surroundings(log=folder / "nginx-own.log")
    with redis_server("--appendonly", "yes") as url:
        settings = {"REDIS_URL": url, "API_KEY": "key-of-the-proxy", "WEBHOOK_SECRET": SECRET, "API_GRACE_S": "5"}
        apis = [Program("api", folder / f"api-{port}.log", settings | {"PORT": str(port)}) for port in ports]
        for api in apis:
            await api.start()
            await api.until_logged("listens on")
        process = await child.spawn(
            [nginx, "-e", str(folder / "start.log"), "-c", str(folder / "nginx.conf"), "-g", "daemon off;"],
            surroundings,
        )
        try:
            await until(lambda: _listens(tls_port), within_s=10)
            yield Proxy(folder, f"https://localhost:{tls_port}", f"http://127.0.0.1:{ingress}", tls, apis)
        finally:
            await child.end(process, grace_s=5)
            await asyncio.gather(*(api.kill() for api in apis if api.runs))


def _around(folder: Path) -> str:
    """What a distribution's own nginx.conf brings."""
    user = "user root;" if os.geteuid() == 0 else ""
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    return f"{user}\npid {folder}/pid;\nevents {{}}\nhttp {{\n{paths}include {folder}/dialer.conf;\n}}\n"


def _ingress(port: int) -> str:
    """The server that the Ingress of the chart becomes."""
    (ingress,) = of_kind(rendered({}), "Ingress")
    (path,) = [one["path"] for rule in ingress["spec"]["rules"] for one in rule["http"]["paths"]]
    places = f"location {path} {{ proxy_pass http://dialer_api; }} location / {{ return 404; }}"
    return f"server {{ listen 127.0.0.1:{port}; access_log off; error_log /dev/null emerg; {places} }}"


def _listens(port: int) -> bool:
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0


async def test_webhooks_are_reached_by_tls(proxy: Proxy) -> None:
    """The API itself answers at every address that the carrier is given, whichever way it writes a colon."""
    urls = Urls(f"/webhooks/{TOKEN}", script="0f3a")
    asked_again = Position("2.k1s.0").asked_again(missed=True)
    replies = [urls.reply(asked_again), replace(urls, script="").reply(asked_again)]
    for path in (f"{urls.webhooks}/answer", urls.event, urls.leg, *replies, replies[0].replace(":", "%3A")):
        for origin in (proxy.origin, proxy.ingress):
            status, kind = await proxy.ask(path, body=b'{"status": "ringing"}', origin=origin)
            assert "text/html" != kind, f"{path}: {status} is nginx' own"


@pytest.mark.parametrize(
    "path",
    ["/", "/v1/campaigns", "/metrics", "/readyz", "/docs", "/webhooks/../v1/campaigns", "/webhooks/%2e%2e/v1/campaigns",
     "/v1/campaigns/..%2f..%2fwebhooks/x", "/v1/campaigns/%2e%2e/%2e%2e/webhooks/x", "//webhooks/x", "/webhooks"],
)  # fmt: skip
async def test_everything_else_is_not_there(proxy: Proxy, path: str) -> None:
    """Nothing but /webhooks/ comes as far as the API, whichever way a path is written."""
    assert (404, "text/html") == await proxy.ask(path, method="GET", body=b"")


@pytest.mark.parametrize(
    "path",
    ["/", "/v1/me", "/metrics", "/openapi.json", "/webhooks/../v1/me", "/webhooks/%2e%2e/v1/me", "/webhooks/..%2fv1/me",
     "/v1/keys/..%2f..%2fwebhooks%2f", "/v1/campaigns/%2e%2e/%2e%2e/webhooks/x", "/v1/campaigns/..//..//webhooks/x",
     "/metrics/%2e%2e/webhooks/x", "/metrics/..%2fwebhooks/", "//webhooks/../metrics", "/webhooks/..//metrics"],
)  # fmt: skip
async def test_nothing_climbs_over_the_ingress(proxy: Proxy, path: str) -> None:
    """With a key, too: what the controller takes for a webhook, and hands on as it was written, is none for the API."""
    headers = {"Authorization": "Bearer key-of-the-proxy"}
    status, _ = await proxy.ask(path, method="GET", body=b"", origin=proxy.ingress, headers=headers)

    assert 404 == status


async def test_the_ingress_has_the_limits_of_the_proxy() -> None:
    """The carrier is slowed down by neither before the other: so many webhooks a second of one address."""
    rate = re.findall(r"zone=dialer_webhooks:1m rate=(\d+)r/s", TEXT)[0]
    burst = re.findall(r"limit_req zone=dialer_webhooks burst=(\d+) nodelay", TEXT)[0]
    (ingress,) = of_kind(rendered({}), "Ingress")
    limits = {name.rpartition("/")[2]: value for name, value in ingress["metadata"]["annotations"].items()}

    assert (rate, int(burst)) == (limits["limit-rps"], int(rate) * int(limits["limit-burst-multiplier"]))
    assert f"{limits['proxy-body-size']};" in TEXT


async def test_large_body_is_refused(proxy: Proxy) -> None:
    """More than any webhook holds does not come as far as the API; what a webhook may hold does."""
    path = f"/webhooks/{TOKEN}/event"

    assert (413, "text/html") == await proxy.ask(path, body=b"x" * (64 * 1024 + 1))
    assert "text/html" != (await proxy.ask(path, body=b"x" * 64 * 1024))[1]


async def test_old_tls_is_refused(proxy: Proxy) -> None:
    """Nothing below 1.2."""
    host, port = proxy.origin.removeprefix("https://").split(":")
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("DEFAULT@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError):
        await asyncio.open_connection(host, int(port), ssl=old)


async def test_an_api_is_restarted_and_nobody_meets_a_closed_door(proxy: Proxy) -> None:
    """Each of the two ends and comes back while webhooks come in: the API answers every one."""
    answers: list[tuple[int, str]] = []
    over = asyncio.Event()

    async def tell() -> None:
        while not over.is_set():
            answers.append(await proxy.ask("/webhooks/probe/nobody"))
            await asyncio.sleep(0.01)

    async with asyncio.TaskGroup() as group:
        for _ in range(8):
            group.create_task(tell())
        for api in proxy.apis:
            assert 0 == await api.end()
            await api.start()
            await api.until_logged("listens on")
            # As the deployment's page says: for one second after the last refusal nginx takes it for failed.
            await asyncio.sleep(2)
        over.set()

    assert len(answers) > 100
    assert {(404, "application/problem+json")} == set(answers)


async def test_no_token_is_in_a_log(proxy: Proxy) -> None:
    """Neither of what was answered nor of what found nobody; that it came is."""
    await asyncio.gather(*(api.kill() for api in proxy.apis))
    status, _ = await proxy.ask(f"/webhooks/{TOKEN}/answer")
    logged = proxy.logged()

    assert 502 == status
    assert " POST 502 " in logged
    assert TOKEN not in logged
    assert "/webhooks/" not in logged


async def test_times_fit_those_of_the_api() -> None:
    """The proxy closes an idle connection before the API would, and has none left when a unit's grace is over."""
    idle = float(re.findall(r"^    keepalive_timeout (\d+)s;", TEXT, re.MULTILINE)[0])
    grace = float(variables_of(SERVICES[0], {"i": "1", "d": "/d", "S": "/s"})["DIALER_API_GRACE_S"])

    assert idle < grace < KEEPALIVE_S
