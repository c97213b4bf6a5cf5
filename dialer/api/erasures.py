"""`/v1/numbers/erase` and `/v1/erasures`: erase a person by number, and the proof of it."""

from __future__ import annotations

import functools
import json
from secrets import token_hex
from typing import Any, Self

from aiohttp import web
from pydantic import Field, JsonValue

from dialer.access import Role
from dialer.addresses import parse_address
from dialer.api.audited import Audit
from dialer.api.keys import LOG_FIELDS, RUNTIME, WEBHOOK_SECRET
from dialer.api.models import Incoming, Outgoing
from dialer.api.once import CREATED, PARAMETER, answer_once
from dialer.api.problems import ILLEGAL_STEP, KEY_IN_USE, KEY_REUSED
from dialer.api.routing import Answer, Routes
from dialer.audit import Action
from dialer.clock import now_ms
from dialer.erasures.erasure import Erasure, Plan, new_erasure_id
from dialer.erasures.proof import is_about, is_genuine, number_digest
from dialer.idempotency import KeptAnswer

SCOPE = "post-numbers-erase"

routes = Routes()


class EraseBody(Incoming, json_schema_extra={"examples": [{"number": "+31201234567", "suppress": True}]}):
    """Whom to erase, and how."""

    number: str = Field(min_length=1, max_length=100, description="E.164, or national in the default region; or a URI.")
    suppress: bool = Field(default=False, description="Nobody may call it after that, by a keyed hash that stays.")
    hang_up: bool = Field(default=False, description="End calls that are up; else their own end is waited for.")
    by: str | None = Field(None, min_length=1, max_length=100, description="Who asks, for the proof.")


class ErasureOut(Outgoing):
    """How far an erasure is."""

    id: str
    step: str = Field(description="calls, answers, files, check, checked or ended.")
    ended: bool
    removed: dict[str, int] = Field(description="What was found and removed so far, by kind.")
    waiting_for: list[str] = Field(description="Calls that are up, or ended less than half a minute ago.")
    proof: dict[str, JsonValue] | None = Field(description="Signed; null before the end.")

    @classmethod
    def of(cls, erasure: Erasure) -> Self:
        """The answer for one."""
        return cls(
            id=erasure.id,
            step=erasure.step,
            ended=erasure.plan is None,
            removed=dict(erasure.counts),
            waiting_for=list(erasure.waiting_for),
            proof=None if erasure.proof is None or erasure.plan is not None else dict(erasure.proof),
        )


class ProofBody(Incoming, json_schema_extra={"examples": [{"proof": {"erasure": "e4x7m2k5t3d6", "signature": "..."}}]}):
    """A proof that somebody shows, and whom it is said to be about."""

    proof: dict[str, JsonValue] = Field(description="As it was told, with its signature.")
    number: str | None = Field(None, min_length=1, max_length=100, description="Whose it may be.")


class CheckedProofOut(Outgoing):
    """Whether it holds."""

    genuine: bool = Field(description="Signed here, and not changed since.")
    about_number: bool | None = Field(description="Whether it is about that number; null where none was given.")


@routes.post(
    "/v1/numbers/erase",
    role=Role.ADMIN,
    answers={
        202: Answer(
            description="It has begun; `GET /v1/erasures/{id}` tells how far it is.",
            model=ErasureOut,
            headers=CREATED,
        )
    },
    request_headers=PARAMETER,
    problems=(KEY_IN_USE, KEY_REUSED, ILLEGAL_STEP),
    audit=Audit(Action.NUMBER_ERASED, tells=("suppress", "hang_up", "by")),  # whose number it was is not to be told
)
async def erase_number(request: web.Request, *, body: EraseBody) -> web.StreamResponse:
    """Erase a person from every call, attempt, recording and kept answer, by one of the numbers.

    Calls not up yet end as `cancelled`; those that are up are waited for, and not dialed again. What stays is a row
    without a person, by which the campaign's sums hold. A suppressed number stays so by a keyed hash. What is imported
    after that is a call like any other.
    """
    runtime = request.app[RUNTIME]
    number = parse_address(body.number, runtime.settings.default_region)
    # Kept for a day, and of whom it tells is to be forgotten: so not even a digest that could be tried out.
    wanted = body.model_dump(mode="json", exclude={"number"})
    meant = json.dumps(wanted | {"number": number_digest(request.app[WEBHOOK_SECRET], SCOPE, number)})
    return await answer_once(request, SCOPE, meant, functools.partial(_begin, request, body, number))


async def _begin(request: web.Request, body: EraseBody, number: str, derived: str | None) -> KeptAnswer:
    runtime = request.app[RUNTIME]
    erasure_id, salt = new_erasure_id(derived), token_hex(16)
    request[LOG_FIELDS]["erasure_id"] = erasure_id
    plan = Plan(
        number=number,
        suppress=body.suppress,
        hang_up=body.hang_up,
        salt=salt,
        number_digest=number_digest(request.app[WEBHOOK_SECRET], salt, number),
        requested_ms=now_ms(runtime.clock),
        by=body.by,
    )
    if not derived or not await runtime.store.has_erasure(erasure_id):
        await runtime.store.begin_erasure(erasure_id, plan)
    answer = ErasureOut.of(await runtime.store.erasure(erasure_id))
    return KeptAnswer(202, answer.model_dump_json(), f"/v1/erasures/{erasure_id}")


@routes.get(
    "/v1/erasures/{erasure_id}",
    role=Role.ADMIN,
    answers={200: Answer(description="How far it is, and the proof.", model=ErasureOut)},
)
async def get_erasure(request: web.Request, erasure_id: str) -> web.StreamResponse:
    """How far an erasure is; its proof for as many days after its end as campaigns are kept."""
    answer = ErasureOut.of(await request.app[RUNTIME].store.erasure(erasure_id))
    return web.json_response(text=answer.model_dump_json())


@routes.post(
    "/v1/erasure-proofs/check",
    role=Role.READ,
    repeatable="it changes nothing",
    answers={200: Answer(description="Whether it holds.", model=CheckedProofOut)},
    audit=None,  # changes nothing, and tells nothing that the client does not have
)
async def check_proof(request: web.Request, *, body: ProofBody) -> web.StreamResponse:
    """Whether a proof was signed by this dialer, and whether it is about a number."""
    secret, proof = request.app[WEBHOOK_SECRET], dict[str, Any](body.proof)
    number = body.number and parse_address(body.number, request.app[RUNTIME].settings.default_region)
    about = is_about(secret, proof, number) if number else None
    return web.json_response(
        text=CheckedProofOut(genuine=is_genuine(secret, proof), about_number=about).model_dump_json()
    )
