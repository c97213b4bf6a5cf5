"""`/v1/keys`: API keys with roles: made, listed, revoked; and what one's own key may do."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from aiohttp import web
from pydantic import Field

from dialer.access import ApiKey, Role, digest_of, id_of, make_key
from dialer.api.audited import Audit
from dialer.api.keys import CALLER, LOG_FIELDS, RUNTIME
from dialer.api.models import Incoming, Outgoing
from dialer.api.problems import ILLEGAL_STEP
from dialer.api.routing import Answer, Routes
from dialer.api.schemas import Deadline, Name
from dialer.audit import Action
from dialer.clock import moment, now_ms
from dialer.errors import InvalidInput
from dialer.runtime import Runtime

routes = Routes()


class NewKey(Incoming, json_schema_extra={"examples": [{"name": "maintenance system", "roles": ["launch"]}]}):
    """A key to make."""

    name: Name = Field(description="Whose it is: the system or person that will send it.")
    roles: list[Role] = Field(
        min_length=1,
        description="`read`: see; `operate`: steer what is under way; `launch`: make phones ring; `admin`: everything.",
    )
    expires_at: Deadline | None = Field(None, description="From when on it is refused; never if left out.")


class KeyOut(Outgoing):
    """A key, without what its holder sends."""

    id: str = Field(description="Names it everywhere; in the audit log its actor is `key:` and this.")
    name: str
    roles: list[Role]
    created_at: datetime
    expires_at: datetime | None
    lapsed: bool = Field(description="Whether it is refused because its time is over.")
    used_at: datetime | None = Field(description="When it was last used, to a minute.")

    @classmethod
    def of(cls, key: ApiKey, now: datetime, /, **more: str) -> Self:
        """The answer for one."""
        return cls(
            id=key.id,
            name=key.name,
            roles=sorted(key.roles),
            created_at=key.created_at,
            expires_at=key.expires_at,
            lapsed=key.is_lapsed(now),
            used_at=key.used_at,
            **more,
        )


class MadeKeyOut(KeyOut):
    """A key just made."""

    key: str = Field(description="What its holder sends. It is told this once: only a digest of it is kept.")


class KeysOut(Outgoing):
    """All keys."""

    keys: list[KeyOut]


class OwnKeyOut(Outgoing):
    """The key that a request came with."""

    id: str
    name: str
    roles: list[Role]
    may: list[Role] = Field(description="These roles and those that follow from them.")
    expires_at: datetime | None


@routes.get("/v1/keys", role=Role.ADMIN, answers={200: Answer(description="All keys, oldest first.", model=KeysOut)})
async def list_keys(request: web.Request) -> web.StreamResponse:
    """The API keys, but for DIALER_API_KEY, which is a setting."""
    runtime = request.app[RUNTIME]
    found = await runtime.store.api_keys()
    answer = KeysOut(keys=[KeyOut.of(key, _now(runtime)) for key in found])
    return web.json_response(text=answer.model_dump_json())


@routes.post(
    "/v1/keys",
    role=Role.ADMIN,
    repeatable="an answer that was lost cannot be given again, for the key is kept nowhere; make another one and "
    "revoke the first",
    answers={201: Answer(description="The key.", model=MadeKeyOut, headers={"Location": "Its address."})},
    problems=(ILLEGAL_STEP,),
    audit=Audit(Action.KEY_CREATED, tells=("name", "roles", "expires_at")),
)
async def create_key(request: web.Request, *, body: NewKey) -> web.StreamResponse:
    """Make a key. It is told once, in this answer."""
    runtime = request.app[RUNTIME]
    now = _now(runtime)
    if body.expires_at and body.expires_at <= now:
        raise InvalidInput("lies in the past: nobody could use the key", field="expires_at")
    text, kept = await _make(runtime, body, now)
    request[LOG_FIELDS]["key_id"] = kept.id
    answer = MadeKeyOut.of(kept, now, key=text)
    headers = {"Location": f"/v1/keys/{kept.id}"}
    return web.json_response(text=answer.model_dump_json(), status=201, headers=headers)


@routes.get("/v1/me", role=Role.READ, answers={200: Answer(description="The key.", model=OwnKeyOut)})
async def get_own_key(request: web.Request) -> web.StreamResponse:
    """Which key this request came with, and what it may do."""
    caller = request[CALLER]
    answer = OwnKeyOut(
        id=caller.id,
        name=caller.name,
        roles=sorted(caller.roles),
        may=sorted(caller.may),
        expires_at=caller.key.expires_at if caller.key else None,
    )
    return web.json_response(text=answer.model_dump_json())


@routes.get("/v1/keys/{key_id}", role=Role.ADMIN, answers={200: Answer(description="The key.", model=KeyOut)})
async def get_key(request: web.Request, key_id: str) -> web.StreamResponse:
    """One key."""
    runtime = request.app[RUNTIME]
    answer = KeyOut.of(await runtime.store.known_api_key(key_id), _now(runtime))
    return web.json_response(text=answer.model_dump_json())


@routes.delete(
    "/v1/keys/{key_id}",
    role=Role.ADMIN,
    answers={204: Answer(description="It is revoked.")},
    audit=Audit(Action.KEY_REVOKED),
)
async def revoke_key(request: web.Request, key_id: str) -> web.StreamResponse:
    """Revoke a key: every API process refuses it from the next request on. Requests under way come to their end."""
    await request.app[RUNTIME].store.revoke_api_key(key_id)
    return web.Response(status=204)


async def _make(runtime: Runtime, body: NewKey, now: datetime) -> tuple[str, ApiKey]:
    while True:
        text = make_key()
        kept = ApiKey(
            id=str(id_of(text)),
            name=body.name,
            roles=frozenset(body.roles),
            digest=digest_of(text),
            created_at=now,
            expires_at=body.expires_at,
        )
        if await runtime.store.create_api_key(kept):
            return text, kept


def _now(runtime: Runtime) -> datetime:
    return moment(now_ms(runtime.clock))
