"""Reading and steering the stand-in from another process, under `/_simulator/`.

`GET summary`, `log` (one JSON object per line), `phones/{number}`, `phones/{number}/legs`, `conferences`, `recordings`;
`POST faults`, `phones/{number}`, `phones/{number}/hang_up`. Asks for no password: it is for loopback.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from aiohttp import web

from dialer.simulator.exchange import Exchange
from dialer.simulator.faults import Often
from dialer.simulator.phones import Outcome, Phone, Turn, digits
from dialer.simulator.tokens import TokenDesk
from dialer.simulator.views import LegView, conference_json, recording_json

BASE = "/_simulator"
_PLAIN = frozenset(field.name for field in fields(Turn)) - {"outcome", "events", "keys", "says"}
CHUNK = 500
"""Lines of the log written at a time."""


class Remote:
    """The control paths."""

    def __init__(self, exchange: Exchange, tokens: TokenDesk) -> None:
        self._exchange = exchange
        self._tokens = tokens

    def add_to(self, app: web.Application) -> None:
        """Add them; before the carrier's own, which end in a path for everything."""
        app.router.add_get(f"{BASE}/summary", self._summary)
        app.router.add_get(f"{BASE}/log", self._log)
        app.router.add_get(f"{BASE}/phones/{{number}}", self._phone)
        app.router.add_post(f"{BASE}/faults", self._set_faults)
        app.router.add_post(f"{BASE}/phones/{{number}}", self._set_phone)
        app.router.add_get(f"{BASE}/phones/{{number}}/legs", self._legs)
        app.router.add_post(f"{BASE}/phones/{{number}}/hang_up", self._hang_up)
        app.router.add_get(f"{BASE}/conferences", self._conferences)
        app.router.add_get(f"{BASE}/recordings", self._recordings)

    async def _summary(self, _request: web.Request) -> web.Response:
        return web.json_response(asdict(self._exchange.summary()))

    async def _log(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        await response.prepare(request)
        records = list(self._exchange.journal.records)
        for first in range(0, len(records), CHUNK):
            lines = (json.dumps(asdict(record)) for record in records[first : first + CHUNK])
            await response.write("".join(f"{line}\n" for line in lines).encode())
        return response

    async def _phone(self, request: web.Request) -> web.Response:
        number = digits(request.match_info["number"])
        journal = self._exchange.journal
        return web.json_response({"rings": journal.rings.get(number, 0), "heard": journal.heard.get(number, [])})

    async def _legs(self, request: web.Request) -> web.Response:
        legs = self._exchange.legs_of(request.match_info["number"])
        return web.json_response([asdict(LegView.of(leg)) for leg in legs])

    async def _hang_up(self, request: web.Request) -> web.Response:
        self._exchange.hang_up(request.match_info["number"])
        return web.Response(status=204)

    async def _conferences(self, _request: web.Request) -> web.Response:
        return web.json_response([conference_json(room) for room in self._exchange.conferences])

    async def _recordings(self, _request: web.Request) -> web.Response:
        archive = self._exchange.archive
        return web.json_response([recording_json(each, archive.url(each)) for each in archive])

    async def _set_faults(self, request: web.Request) -> web.Response:
        try:
            self._apply(await request.json())
        except (ValueError, TypeError, AttributeError) as problem:
            raise web.HTTPBadRequest(text=str(problem)) from problem
        return web.Response(status=204)

    async def _set_phone(self, request: web.Request) -> web.Response:
        phone = self._exchange.phone(request.match_info["number"])
        try:
            turns = await request.json()
            for turn in turns if isinstance(turns, list) else [turns]:
                _tell(phone, turn)
        except (ValueError, TypeError, AttributeError, KeyError) as problem:
            raise web.HTTPBadRequest(text=str(problem)) from problem
        return web.Response(status=204)

    def _apply(self, wish: Mapping[str, Any]) -> None:
        """Change faults and tokens; every key may be missing.

        `{"clear": true, "place": {fault: {"share" | "every" | "next"}}, "webhooks": {fault: {..., "status"}},
        "recordings": {fault: {...}}, "token_server_up": false, "revoke_tokens": true}`
        """
        faults = self._exchange.faults
        if wish.get("clear"):
            faults.clear()
        for name, often in wish.get("place", {}).items():
            faults.next_place(name, count=often.get("next", 0))
            faults.set_place(name, _often(often))
        for name, often in wish.get("webhooks", {}).items():
            faults.next_webhook(name, status=often.get("status"), count=often.get("next", 0))
            faults.set_webhook(name, _often(often))
        for name, often in wish.get("recordings", {}).items():
            faults.next_recording(name, count=often.get("next", 0))
            faults.set_recording(name, _often(often))
        self._tokens.up = bool(wish.get("token_server_up", self._tokens.up))
        if wish.get("revoke_tokens"):
            self._tokens.revoke()


def _often(often: Mapping[str, Any]) -> Often:
    return Often(share=float(often.get("share", 0)), every=int(often.get("every", 0)))


def _tell(phone: Phone, turn: Mapping[str, Any]) -> None:
    """Its next turn: the fields of `Turn`, or `{"events": [...]}`, or `{"scenario": name}`."""
    phone.then()
    if "scenario" in turn:
        phone.plays_scenario(turn["scenario"])
    elif "events" in turn:
        phone.plays(turn["events"])
    else:
        phone.takes(_turn(turn))


def _turn(turn: Mapping[str, Any]) -> Turn:
    known: dict[str, Any] = {key: turn[key] for key in _PLAIN if key in turn}
    known |= {key: tuple(turn[key]) for key in ("keys", "says") if key in turn}
    return Turn(outcome=Outcome(turn.get("outcome", Outcome.ANSWERS)), **known)
