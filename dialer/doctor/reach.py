"""The public address: is it one, does it lead to this dialer, and to nothing more than the carrier needs."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

import aiohttp

from dialer import probe
from dialer.causes import cause
from dialer.doctor.finding import Finding, failed, ok, skipped, warning
from dialer.doctor.patient import Patient
from dialer.public_names import is_public
from dialer.settings import LOOPBACK

_LONGEST_ANSWER = 4096
_SLOW_S = 1.0  # the carrier gives up connecting after this
_CLOSE = "Let the proxy pass on /webhooks/ alone (an example: deploy/nginx/nginx.conf)."
_NOT_FOUND_HERE = "/problems/not-found"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why an address does not lead to this dialer."""

    found: str
    advice: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What an address answered."""

    status: int
    body: bytes
    location: str = ""
    challenge: str = ""


async def address(patient: Patient) -> Finding:
    """The public address is one that a carrier can use."""
    url = patient.settings.public_url
    if url is None:
        return skipped("DIALER_PUBLIC_URL is not set")
    host = urlsplit(url).hostname or ""
    if patient.settings.plays_carrier:
        return warning(f"{url} serves a stand-in", "A carrier needs a public address, over https.")
    if urlsplit(url).scheme != "https":
        return failed(f"{url} is not https: what calls say would travel in the clear", "Put a proxy with TLS in front.")
    return _judged_host(url, host, await _addresses(host))


def _judged_host(url: str, host: str, addresses: list[str]) -> Finding:
    private = [each for each in addresses if not is_public(each)]
    if not addresses:
        return failed(f"the name {host} leads nowhere", "Mend the name's DNS entry, or DIALER_PUBLIC_URL.")
    if private == [host]:
        return failed(f"{host} is a private address", "The carrier is on the public internet: give it a public one.")
    if private:
        advice = "Here the name may have another address than outside: make sure that the carrier gets a public one."
        return warning(f"{host} leads to a private address from here ({private[0]})", advice)
    return ok(f"{url} ({', '.join(addresses[:3])})")


async def reached(patient: Patient) -> Finding:
    """A request to the public address arrives at an API of this dialer, on this Redis."""
    url = patient.settings.public_url
    if url is None:
        return skipped("DIALER_PUBLIC_URL is not set")
    started = time.perf_counter()
    found = await trouble(patient, url)
    took_s = time.perf_counter() - started
    if found is not None:
        return failed(found.found, found.advice)
    if took_s > _SLOW_S:
        advice = "Somebody on the phone hears silence meanwhile: look at the proxy and at the API's load."
        return warning(f"{url} leads to this dialer, but in {took_s:.1f} s", advice)
    return ok(f"{url} leads to this dialer by GET and POST, in {took_s * 1000:.0f} ms (asked from this machine)")


async def closed(patient: Patient) -> Finding:
    """Through the public address nobody gets at the API without its key, and best not at all."""
    url = f"{patient.settings.public_url}/v1/campaigns"
    reply = await _asked(patient, "GET", url)
    if isinstance(reply, Trouble):
        return skipped(reply.found)
    if reply.status == HTTPStatus.OK and b'"campaigns"' in reply.body:
        return failed("/v1 answers without a key", "Take the address from the public at once: something adds the key.")
    if _is_inside(patient) or 'realm="dialer"' not in reply.challenge:
        return ok(f"/v1 without a key: {reply.status}")
    return warning("/v1 can be reached from outside, with the key", _CLOSE)


async def metrics(patient: Patient) -> Finding:
    """Nobody outside reads the metrics."""
    reply = await _asked(patient, "GET", f"{patient.settings.public_url}/metrics")
    if isinstance(reply, Trouble):
        return skipped(reply.found)
    if reply.status != HTTPStatus.OK or b"# HELP" not in reply.body:
        return ok(f"/metrics: {reply.status}")
    if _is_inside(patient):
        return ok("/metrics can be read, at this machine's own address")
    return warning("/metrics can be read from outside", _CLOSE)


async def trouble(patient: Patient, base: str) -> Trouble | None:
    """Why this base address does not lead to this dialer; None where it does, by both methods of the carrier."""
    secret = patient.settings.webhook_secret
    if secret is None:
        return Trouble("without DIALER_WEBHOOK_SECRET nobody can tell whose API answers", "Set it here too.")
    nonce, proof = await probe.offer(patient.store, secret.get_secret_value())
    for method in ("GET", "POST"):
        reply = await _asked(patient, method, f"{base}/webhooks/probe/{nonce}")
        found = reply if isinstance(reply, Trouble) else judged(reply, proof, f"{method} {base}")
        if found is not None:
            return found
    return None


def judged(reply: Reply, proof: str, asked: str) -> Trouble | None:
    """What an answer to the probe means; None for the right one."""
    told = _fields(reply.body)
    if reply.status == HTTPStatus.OK and probe.is_proof(told.get("proof"), proof):
        return None
    if reply.status == HTTPStatus.OK and "proof" in told:
        return Trouble(
            f"{asked}: a dialer with another webhook secret", "Set the same DIALER_WEBHOOK_SECRET everywhere."
        )
    if reply.location:
        return Trouble(
            f"{asked} leads elsewhere ({reply.status})", "The carrier follows no redirect: name the last URL."
        )
    if told.get("type") == _NOT_FOUND_HERE:
        return Trouble(f"{asked}: a dialer on another Redis", "Set the same DIALER_REDIS_URL on every machine.")
    if reply.status in {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}:
        return Trouble(f"{asked} answers {reply.status}", "The proxy does not reach the API: does `dialer api` run?")
    return Trouble(
        f"{asked} answers {reply.status}: somebody else", "Let /webhooks/ there be passed on to `dialer api`."
    )


async def _asked(patient: Patient, method: str, url: str) -> Reply | Trouble:
    # What the carrier would send is JSON; ours has nothing in it.
    body: dict[str, str] | None = {} if method == "POST" else None
    try:
        async with patient.http.request(method, url, allow_redirects=False, json=body) as response:
            found = await response.content.read(_LONGEST_ANSWER)
            headers = response.headers
    except aiohttp.ClientConnectorCertificateError as error:
        advice = "The carrier will not trust it either: renew it."
        return Trouble(f"{url}: its certificate is not valid ({cause(error)})", advice)
    except (aiohttp.ClientError, OSError) as error:
        host = urlsplit(url).netloc
        return Trouble(f"{host} does not answer ({cause(error)})", "Mend name, port, firewall or proxy.")
    return Reply(response.status, found, headers.get("Location", ""), headers.get("WWW-Authenticate", ""))


async def _addresses(host: str) -> list[str]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def _is_inside(patient: Patient) -> bool:
    return (urlsplit(patient.settings.public_url or "").hostname or "") in LOOPBACK


def _fields(body: bytes) -> dict[str, object]:
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
