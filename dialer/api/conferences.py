"""`/v1/conferences`: begin a conference, see who is in, and steer it while it runs.

A conference is a campaign of its kind. Beginning one creates the campaign, adds its people and starts it, in this
order: what a crash leaves in between is a draft that dials nobody, and the same request, sent again under its key,
finishes it. The workers see to the rest (`jobs/conference.py`).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import timedelta

from aiohttp import web

from dialer.access import OPERATE_OR_LAUNCH, Role
from dialer.addresses import parse_address
from dialer.api.audited import Audit
from dialer.api.campaigns import Draft, draft, store_draft
from dialer.api.conference_answers import ConferenceOut, ConferencesOut, MemberOut
from dialer.api.conference_bodies import DEFAULT_DEADLINE_S, ConferencesQuery, NewConference, NewMember
from dialer.api.keys import LOG_FIELDS, RUNTIME
from dialer.api.models import Nothing
from dialer.api.once import CREATED, PARAMETER, REPLAY, answer_once
from dialer.api.orders import control_of
from dialer.api.problems import (
    CALL_OVER,
    CARRIER_FAILED,
    ILLEGAL_STEP,
    KEY_IN_USE,
    KEY_REUSED,
    NO_CARRIER,
    NOT_ANSWERED,
    NOT_PLACED,
    TOO_EARLY,
)
from dialer.api.routing import Answer, Handler, Routes
from dialer.audit import Action
from dialer.clock import moment, now_ms
from dialer.conferences.conference import MOST_MEMBERS, ConferenceScript, room_of
from dialer.conferences.gathering import BY_HAND, Conference, Member
from dialer.errors import IllegalStep, InvalidInput, NotFound
from dialer.idempotency import KeptAnswer
from dialer.model import NewCall
from dialer.providers.steering import Act
from dialer.runtime import Runtime
from dialer.settings import Settings
from dialer.states import CampaignState

SCOPE = "post-conferences"
_IMPORT = "conference"
_STORED = "en-US"  # a checked script names its language
_FULL = f"a conference has at most {MOST_MEMBERS} members, the carrier's limit"

routes = Routes()


@routes.post(
    "/v1/conferences",
    role=Role.LAUNCH,
    answers={
        201: Answer(
            description="The conference; its people are being called.",
            model=ConferenceOut,
            headers=CREATED,
        )
    },
    problems=(KEY_IN_USE, KEY_REUSED),
    request_headers=PARAMETER,
    audit=Audit(Action.CONFERENCE_BEGUN, tells=("name", "priority", "text", "record", "retention_days")),
)
async def create_conference(request: web.Request, *, body: NewConference) -> web.StreamResponse:
    """Begin a conference: call everyone, at once, and put them into one conversation."""
    runtime = request.app[RUNTIME]
    people = _people(body, runtime.settings)
    expires_at = body.expires_at or moment(now_ms(runtime.clock)) + timedelta(seconds=DEFAULT_DEADLINE_S)
    moderator = _moderator(body.moderator, people, runtime.settings.default_region)
    try:
        campaign = await draft(body.campaign(moderator=moderator, expires_at=expires_at), runtime)
    except InvalidInput as error:  # it says where the fault stands in the campaign's body
        field = "trunk" if error.field == "trunks" else str(error.field).removeprefix("script.")
        raise InvalidInput(str(error), field=field) from None
    script = ConferenceScript.from_dict(campaign.keywords["script"], default_language=_STORED)
    for place, person in enumerate(people):
        _require_values(script, person.variables, f"people.{place}.variables")
    return await answer_once(request, SCOPE, body, functools.partial(_begin, runtime, campaign, people))


@routes.get(
    "/v1/conferences", role=Role.READ, answers={200: Answer(description="A page of conferences.", model=ConferencesOut)}
)
async def list_conferences(request: web.Request, *, query: ConferencesQuery) -> web.StreamResponse:
    """The conferences, newest first."""
    found, cursor = await request.app[RUNTIME].store.conferences(limit=query.limit, cursor=query.cursor)
    page = ConferencesOut(conferences=[ConferenceOut.of(one) for one in found], next_cursor=cursor)
    return web.json_response(text=page.model_dump_json())


@routes.get(
    "/v1/conferences/{conference_id}",
    role=Role.READ,
    answers={200: Answer(description="The conference.", model=ConferenceOut)},
)
async def get_conference(request: web.Request, conference_id: str) -> web.StreamResponse:
    """A conference as it is at this moment: who is in, who is being called, who is not coming."""
    seen = await request.app[RUNTIME].store.conference(conference_id)
    return web.json_response(text=ConferenceOut.of(seen).model_dump_json())


@routes.post(
    "/v1/conferences/{conference_id}/members",
    role=Role.LAUNCH,
    repeatable="a person is known by `id`, else by number, and is a member once",
    answers={
        201: Answer(description="The member, who is being called.", model=MemberOut),
        200: Answer(description="This person is a member already; nothing was added.", model=MemberOut),
    },
    problems=(ILLEGAL_STEP,),
    audit=Audit(Action.MEMBER_ADDED, tells=("number",)),
)
async def add_member(request: web.Request, conference_id: str, *, body: NewMember) -> web.StreamResponse:
    """Call one more person into a conference that is not over."""
    request[LOG_FIELDS]["campaign_id"] = conference_id
    runtime = request.app[RUNTIME]
    conference = await runtime.store.conference(conference_id)
    _require_open(conference)
    new = body.call(runtime.settings)
    _require_values(conference.script, body.values, "variables")
    _require_one_moderator(conference, new)
    try:
        origin = runtime.tracing.origin()
        (added,) = await runtime.store.add_calls(conference_id, [new], import_id=_IMPORT, origin=origin)
    except IllegalStep as error:
        if len(conference.members) < MOST_MEMBERS:
            raise
        raise IllegalStep(f"{_FULL}, and this one is full; begin a second one") from error
    await runtime.store.end_import(conference_id, _IMPORT)
    return await _member_answer(runtime, conference_id, added.call_id, status=200 if added.duplicate else 201)


@routes.post(
    "/v1/conferences/{conference_id}/end",
    role=OPERATE_OR_LAUNCH,
    repeatable="one that is over stays so",
    answers={202: Answer(description="It is over; the workers hang up on everyone.", model=ConferenceOut)},
    audit=Audit(Action.CONFERENCE_ENDED),
)
async def end_conference(request: web.Request, conference_id: str, *, body: Nothing) -> web.StreamResponse:  # noqa: ARG001 - declares that nothing is taken
    """End a conference: nobody is called any more, and everyone is hung up on."""
    request[LOG_FIELDS]["campaign_id"] = conference_id
    store = request.app[RUNTIME].store
    await store.end_conference(conference_id, BY_HAND)
    answer = ConferenceOut.of(await store.conference(conference_id))
    return web.json_response(text=answer.model_dump_json(), status=202)


_ACTS = {"mute": Act.MUTE, "unmute": Act.UNMUTE, "drop": Act.HANG_UP}
_ACTS_ABOUT = {
    "mute": "Let the others not hear this member.",
    "unmute": "Let the others hear this member again.",
    "drop": "Hang up on this member, who is not called again by itself.",
}
_ACTS_AUDITED = {"mute": Action.MEMBER_MUTED, "unmute": Action.MEMBER_UNMUTED, "drop": Action.MEMBER_DROPPED}


_ACTS_REPEATABLE = {
    "mute": "a member who is muted stays so",
    "unmute": "a member who is heard stays so",
    "drop": "nobody is hung up on twice: one who is off the phone is told as such (409)",
}


def _steer(verb: str) -> Handler:
    async def steer(request: web.Request, conference_id: str, call_id: str, *, body: Nothing) -> web.StreamResponse:  # noqa: ARG001 - declares that nothing is taken
        request[LOG_FIELDS] |= {"call_id": call_id, "order": verb}
        runtime = request.app[RUNTIME]
        _member(await runtime.store.conference(conference_id), call_id)
        await control_of(runtime).steer(call_id, _ACTS[verb])
        return await _member_answer(runtime, conference_id, call_id)

    return steer


for _verb, _about in _ACTS_ABOUT.items():
    routes.add(
        "POST",
        f"/v1/conferences/{{conference_id}}/members/{{call_id}}/{_verb}",
        _steer(_verb),
        name=f"{_verb}_member",
        about=_about,
        repeatable=_ACTS_REPEATABLE[_verb],
        role=Role.OPERATE,
        answers={200: Answer(description="The member; it was done.", model=MemberOut)},
        problems=(CALL_OVER, NOT_PLACED, NOT_ANSWERED, TOO_EARLY, CARRIER_FAILED, NO_CARRIER),
        audit=Audit(_ACTS_AUDITED[_verb]),
    )


@routes.post(
    "/v1/conferences/{conference_id}/members/{call_id}/call-again",
    role=Role.OPERATE,
    answers={200: Answer(description="The member, in line for the next call.", model=MemberOut, headers=REPLAY)},
    request_headers=PARAMETER,
    problems=(KEY_IN_USE, KEY_REUSED, ILLEGAL_STEP),
    audit=Audit(Action.MEMBER_CALLED_AGAIN),
)
async def call_member_again(
    request: web.Request,
    conference_id: str,
    call_id: str,
    *,
    body: Nothing,
) -> web.StreamResponse:
    """Call a member again who is not on the phone: who left, declined, was not reached, or waits to be called."""
    request[LOG_FIELDS]["call_id"] = call_id
    again = functools.partial(_call_again, request.app[RUNTIME], conference_id, call_id)
    return await answer_once(request, f"post-call-again-{call_id}", body, again)


async def _call_again(runtime: Runtime, conference_id: str, call_id: str, _derived: str | None) -> KeptAnswer:
    await runtime.store.recall(_member(await runtime.store.conference(conference_id), call_id).call)
    return KeptAnswer(200, await _member_told(runtime, conference_id, call_id), None)


async def _begin(runtime: Runtime, campaign: Draft, people: list[NewCall], derived: str | None) -> KeptAnswer:
    store = runtime.store
    conference_id = await store_draft(runtime, campaign, derived)
    if (await store.campaign(conference_id)).state is CampaignState.DRAFT:
        await store.add_calls(conference_id, people, import_id=_IMPORT)
        await store.end_import(conference_id, _IMPORT)
        await store.step(conference_id, "start")
    answer = ConferenceOut.of(await store.conference(conference_id))
    return KeptAnswer(201, answer.model_dump_json(), f"/v1/conferences/{conference_id}")


def _people(body: NewConference, settings: Settings) -> list[NewCall]:
    if len(body.people) > MOST_MEMBERS:
        raise InvalidInput(f"{_FULL}; these are {len(body.people)}, and nobody was called", field="people")
    people: list[NewCall] = []
    for place, one in enumerate(body.people):
        try:
            people.append(one.call(settings))
        except InvalidInput as error:
            raise InvalidInput(str(error), field=f"people.{place}.number") from None
    known = [person.external_id or person.number for person in people]
    twice = next((place for place, name in enumerate(known) if name in known[:place]), None)
    if twice is not None:
        raise InvalidInput("this person is in the list already", field=f"people.{twice}")
    return people


def _moderator(told: str | None, people: list[NewCall], region: str) -> str | None:
    """The moderator's id, or number as it is stored. Raises InvalidInput where it is not one of the people."""
    if told is None:
        return None
    named = told
    if told not in {person.external_id for person in people}:
        try:
            named = parse_address(told, region)
        except InvalidInput:
            raise InvalidInput("must be the number or id of one of the people", field="moderator") from None
    meant = sum(named in {person.number, person.external_id} for person in people)
    if meant != 1:
        raise InvalidInput(f"must be the number or id of one of the people; {meant} are so", field="moderator")
    return named


def _require_values(script: ConferenceScript, values: Mapping[str, str], where: str) -> None:
    missing = script.for_member(room_of(""), moderates=False).check(values)
    if missing:
        raise InvalidInput(f"the text needs a value for {missing[0]!r}", field=f"{where}.{missing[0]}")


def _require_open(conference: Conference) -> None:
    if conference.is_over:
        raise IllegalStep(f"conference {conference.campaign.id} is over; begin a new one")


def _require_one_moderator(conference: Conference, new: NewCall) -> None:
    """Raises InvalidInput for a second one whom the moderator's number or id names: he, too, would end it for all."""
    chair = conference.moderator
    if chair is None or not conference.script.is_moderator(new.number, new.external_id):
        return
    # A person is known by his id, else by his number: this may be the moderator himself, asked for again.
    known = (chair.call.external_id, chair.call.external_id or chair.call.number)
    if known != (new.external_id, new.external_id or new.number):
        field = "number" if new.number == conference.script.moderator else "id"
        raise InvalidInput(f"{chair.call.id} is this conference's moderator by that already", field=field)


def _member(conference: Conference, call_id: str) -> Member:
    found = next((member for member in conference.members if member.call.id == call_id), None)
    if found is None:
        raise NotFound(f"conference {conference.campaign.id} has no member {call_id!r}")
    return found


async def _member_answer(runtime: Runtime, conference_id: str, call_id: str, *, status: int = 200) -> web.Response:
    return web.json_response(text=await _member_told(runtime, conference_id, call_id), status=status)


async def _member_told(runtime: Runtime, conference_id: str, call_id: str) -> str:
    member = _member(await runtime.store.conference(conference_id), call_id)
    return MemberOut.of(member).model_dump_json()
