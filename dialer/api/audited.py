"""The one place where requests get into the audit log: around the handler of each route that declares an action.

An entry is written before the handler runs, and another one with what came of it before the answer is complete. What a
request does reaches beyond Redis (the carrier, files, an answer that is streamed), so no transaction could hold both.
Whatever dies in between, nothing was done of which the log does not tell that it was asked for; and where Redis cannot
take the first entry, nothing is done at all.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import structlog
from aiohttp import web
from pydantic import BaseModel, RootModel

from dialer.api.keys import CALLER, LOG_FIELDS, REQUEST_ID, RUNTIME
from dialer.api.problems import INVALID_INPUT, FieldError, Problem, problem_from
from dialer.audit import Action, Entry, Outcome, digest
from dialer.errors import StoreUnavailable
from dialer.model import CallRef
from dialer.phone import mask

ACTOR_HEADER = "X-Dialer-Actor"
_MOST = 100
ACTOR_PARAMETER: Mapping[str, Mapping[str, Any]] = {
    ACTOR_HEADER: {
        "description": "For whom the client acts, such as a user's name; kept in the audit log.",
        "schema": {"type": "string", "maxLength": _MOST, "pattern": "^[ -~]+$"},
    }
}
_PRINTABLE = re.compile(rf"[\x20-\x7e]{{1,{_MOST}}}", re.ASCII)
_SPOKEN = frozenset({"script", "text", "url", "escalation"})
_NUMBERS = frozenset({"number", "numbers"})
_SERVER_ERROR = 500

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Audit:
    """What the audit log tells of a route.

    Attributes:
        action: what a request to it is.
        tells: fields of its body or query that are told: of a script or text its digest, of a number its mask.
    """

    action: Action
    tells: tuple[str, ...] = ()


async def audited(
    request: web.Request,
    audit: Audit,
    arguments: Mapping[str, Any],
    run: Callable[[], Awaitable[web.StreamResponse]],
) -> web.StreamResponse:
    """Run a handler between its two entries. HEAD, which tells nothing and changes nothing, has none."""
    if request.method == "HEAD":
        return await run()
    asked = Entry(
        action=audit.action,
        actor=request[CALLER].actor,
        outcome=Outcome.ASKED,
        campaign_id=_campaign_of(arguments),
        request_id=request[REQUEST_ID],
        on_behalf_of=_on_behalf_of(request),
        details=_named(arguments) | _told(audit.tells, arguments),
    )
    await request.app[RUNTIME].store.append_audit(asked)
    try:
        response = await run()
    except Exception as error:
        await _write(request, _refused(asked, error, request))
        raise
    campaign_id = _made(response) or asked.campaign_id
    done = replace(asked, outcome=Outcome.DONE, campaign_id=campaign_id, details=_logged(request))
    await _write(request, done)
    return response


def _refused(asked: Entry, error: Exception, request: web.Request) -> Entry:
    problem = problem_from(error)
    refused = problem is not None and problem.kind.status < _SERVER_ERROR
    told = {"problem": problem.kind.slug} if problem else {}
    outcome = Outcome.REFUSED if refused else Outcome.FAILED
    return replace(asked, outcome=outcome, details=_logged(request) | told)


async def _write(request: web.Request, entry: Entry) -> None:
    entries = [entry]
    if entry.outcome is Outcome.DONE and request[LOG_FIELDS].get("override_windows"):
        entries.append(replace(entry, action=Action.CAMPAIGN_WINDOWS_OVERRIDDEN, details={}))
    try:
        # In the request's log line as well: whoever keeps the logs can show that nothing before it was rewritten.
        request[LOG_FIELDS]["audit_hash"] = await request.app[RUNTIME].store.append_audit(*entries)
    except StoreUnavailable:
        # It was asked for, and that is written; the client has to know what came of it.
        log.warning("audit.outcome_lost", action=entry.action, outcome=entry.outcome, request_id=entry.request_id)


def _on_behalf_of(request: web.Request) -> str | None:
    given = request.headers.get(ACTOR_HEADER)
    if given is None or _PRINTABLE.fullmatch(given):
        return given
    message = f"must be 1 to {_MOST} printable ASCII characters"
    raise Problem(
        INVALID_INPUT, f"`{ACTOR_HEADER}`: {message}.", field=ACTOR_HEADER, errors=[FieldError(ACTOR_HEADER, message)]
    )


def _campaign_of(arguments: Mapping[str, Any]) -> str | None:
    query = arguments.get("query")
    named = next((arguments[name] for name in _CAMPAIGN if name in arguments), getattr(query, "campaign_id", None))
    call = CallRef.parse(arguments.get("call_id", ""))
    return named or (call.campaign_id if call else None)


def _named(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What the path names, besides the campaign."""
    return {name: value for name, value in arguments.items() if isinstance(value, str) and name not in _CAMPAIGN}


_CAMPAIGN = ("campaign_id", "conference_id", "escalation_id")


def _told(names: tuple[str, ...], arguments: Mapping[str, Any]) -> dict[str, Any]:
    sent = arguments.get("body") or arguments.get("query")
    body = sent.root if isinstance(sent, RootModel) else sent
    if not isinstance(body, BaseModel):
        return {}
    given = body.model_dump(mode="json", by_alias=True, exclude_unset=True)
    # Null is told as well: in a change it takes a limit away.
    return {name: _shown(name, given[name]) for name in names if name in given}


def _shown(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in _SPOKEN:
        return f"sha256:{digest(value)}"
    if name in _NUMBERS:
        return mask(value) if isinstance(value, str) else [mask(number) for number in value]
    return value


def _made(response: web.StreamResponse) -> str | None:
    """The campaign in which a request made something."""
    _, _, kind, made = (response.headers.get("Location", "").split("/", 3) + [""] * 4)[:4]
    call = CallRef.parse(made)
    return call.campaign_id if call else made if kind in _CAMPAIGNS else None


_CAMPAIGNS = frozenset({"campaigns", "conferences", "escalations"})


def _logged(request: web.Request) -> dict[str, Any]:
    """What the handler has told the request's log line: counts, ids, what was not done."""
    return {name: value for name, value in request[LOG_FIELDS].items() if name not in {"exc_info", *_CAMPAIGN}}
