"""Reading and steering the stand-in from another process, under `/_simulator/`.

`GET summary`, `GET log` (one JSON object per line), `GET phones/{number}`; `POST faults`, `POST phones/{number}`.
Asks for no password: it is for loopback.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from aiohttp import web

from dialer.simulator.exchange import Exchange
from dialer.simulator.faults import Often
from dialer.simulator.phones import Outcome, Phone, Turn, digits
from dialer.simulator.tokens import TokenDesk

BASE = "/_simulator"
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
        "token_server_up": false, "revoke_tokens": true}`
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
        self._tokens.up = bool(wish.get("token_server_up", self._tokens.up))
        if wish.get("revoke_tokens"):
            self._tokens.revoke()


def _often(often: Mapping[str, Any]) -> Often:
    return Often(share=float(often.get("share", 0)), every=int(often.get("every", 0)))


def _tell(phone: Phone, turn: Mapping[str, Any]) -> None:
    """`{"outcome", "after_s", "hangs_up_after_s", "keys", "detail"}` or `{"events": [...]}`: its next turn."""
    phone.then()
    if "events" in turn:
        phone.plays(turn["events"])
        return
    known = {key: turn[key] for key in ("after_s", "hangs_up_after_s", "detail") if key in turn}
    outcome = Outcome(turn.get("outcome", Outcome.ANSWERS))
    phone.takes(Turn(outcome=outcome, keys=tuple(turn.get("keys", ())), **known))
