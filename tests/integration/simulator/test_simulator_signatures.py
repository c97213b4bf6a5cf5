"""Signed webhooks: a JWT over what is sent, for every request anew."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from typing import Any

import jwt
import pytest
from yarl import URL

from dialer.simulator import Often, Simulator, WebhookFault

NUMBER = "31612345678"
SECRET = "a secret that is long enough to be one"

Start = Callable[..., Awaitable[Simulator]]
Place = Callable[..., Awaitable[tuple[int, Any]]]


def claims(letter: Any) -> dict[str, Any]:
    """What a webhook's signature says; raises for one that is not ours."""
    told: dict[str, Any] = jwt.decode(letter.authorization.removeprefix("Bearer "), SECRET, ["HS256"])
    return told


def signed(letter: Any) -> bytes:
    """What a signature is made over."""
    if letter.method != "GET":
        return bytes(letter.body)
    return json.dumps(dict(URL(letter.target).query), separators=(",", ":")).encode()


@pytest.mark.parametrize("faults", [{}, {WebhookFault.GET: Often(share=1)}])
async def test_every_webhook_is_signed(
    faults: dict[WebhookFault, Often], start: Start, place: Place, letters: list[Any]
) -> None:
    """The hash is that of the body, or of the query as compact JSON; the rest names account and application."""
    sim = await start(signature_secret=SECRET, signature_api_key="our account", webhook_faults=faults)

    await place(sim)
    await sim.quiet()

    assert 5 == len(letters)
    assert [hashlib.sha256(signed(letter)).hexdigest() for letter in letters] == [
        claims(letter)["payload_hash"] for letter in letters
    ]
    assert {("Vonage", "our account", "our application")} == {
        (told["iss"], told["api_key"], told["application_id"]) for told in map(claims, letters)
    }


async def test_second_try_is_signed_anew(start: Start, place: Place, letters: list[Any], says: list[Any]) -> None:
    """The same event comes twice with different identifiers."""
    sim = await start(signature_secret=SECRET, webhook_connections=1)
    sim.phone(NUMBER).is_invalid()
    says.append(503)

    await place(sim)
    await sim.quiet()

    first, second, _ = letters
    assert first.body == second.body
    assert claims(first)["jti"] != claims(second)["jti"]


async def test_without_a_secret_nothing_is_signed(start: Start, place: Place, letters: list[Any]) -> None:
    """No secret, no header."""
    sim = await start()

    await place(sim)
    await sim.quiet()

    assert {""} == {letter.authorization for letter in letters}


async def test_signature_may_be_missing_or_wrong(start: Start, place: Place, letters: list[Any]) -> None:
    """On demand an event is unsigned, or signed by somebody else."""
    sim = await start(signature_secret=SECRET, webhook_connections=1)
    sim.phone(NUMBER).is_invalid()
    sim.faults.next_webhook("unsigned", status="started")
    sim.faults.next_webhook("forged", status="rejected")

    await place(sim)
    await sim.quiet()

    unsigned, forged = letters
    assert "" == unsigned.authorization
    with pytest.raises(jwt.InvalidSignatureError):
        claims(forged)


@pytest.mark.parametrize("fault", ["lost", "doubled"])
async def test_events_without_a_status_have_faults_too(
    fault: str, start: Start, place: Place, told: list[dict[str, Any]], flow: list[Any]
) -> None:
    """They are asked for by what they are."""
    sim = await start()
    flow[:] = [{"action": "record"}]
    sim.faults.next_webhook(fault, status="record")

    await place(sim)
    await sim.quiet()

    assert {"lost": 0, "doubled": 2}[fault] == len([event for event in told if "recording_url" in event])
