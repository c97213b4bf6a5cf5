"""`/v1/applications`: the carrier's Voice applications, which this API asks the carrier for; nothing is kept here.

Making one is not to be repeated blindly: the carrier has no idempotency key and takes the same name twice. A private
key that the carrier tells is dropped: the dialer needs none, and an answer of ours may be logged by others.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Self

from aiohttp import web
from pydantic import Field, StringConstraints

from dialer.access import Role
from dialer.api.audited import Audit
from dialer.api.keys import RUNTIME
from dialer.api.models import Incoming, Outgoing
from dialer.api.once import CREATED, PARAMETER, answer_once
from dialer.api.problems import CARRIER_FAILED, KEY_IN_USE, KEY_REUSED, NO_CARRIER, Problem
from dialer.api.routing import Answer, Routes
from dialer.api.schemas import Name, TrunkName
from dialer.audit import Action
from dialer.errors import InvalidInput, NotFound
from dialer.idempotency import KeptAnswer
from dialer.model import MAIN
from dialer.own_application import new_application
from dialer.providers.assets import Application, Applications, Method, NewApplication, Webhook
from dialer.settings import CARRIER_FIELDS

routes = Routes()
_PROBLEMS = (NO_CARRIER, CARRIER_FAILED)
_DEFAULT = "Left out: one below DIALER_PUBLIC_URL, as each call of this dialer carries its own."
Url = Annotated[str, StringConstraints(min_length=1, max_length=2048)]


class _Body(Incoming):
    """What both bodies have."""

    name: Name = Field(description="One line of at most 100 characters.")
    answer_method: Method = "GET"
    event_method: Method = "POST"


class ApplicationToMake(_Body, json_schema_extra={"examples": [{"name": "dialer"}]}):
    """An application to make."""

    answer_url: Url | None = Field(None, description=_DEFAULT)
    event_url: Url | None = Field(None, description=_DEFAULT)


class WholeApplication(
    _Body,
    json_schema_extra={
        "examples": [
            {
                "name": "dialer",
                "answer_url": "https://dialer.example.com/webhooks/answer",
                "event_url": "https://dialer.example.com/webhooks/event",
            }
        ]
    },
):
    """An application as it is to be from now on."""

    answer_url: Url
    event_url: Url


class AccountQuery(Incoming):
    """Whose applications."""

    trunk: TrunkName = Field(MAIN, description="The carrier account (`GET /v1/trunks`).")


class WebhookOut(Outgoing):
    """Where the carrier asks or tells something, and how."""

    url: str
    method: str

    @classmethod
    def of(cls, hook: Webhook | None) -> Self | None:
        """The answer for one, where there is one."""
        return cls(url=hook.url, method=hook.method) if hook else None


class ApplicationOut(Outgoing):
    """An application as the carrier shows it, without any private key."""

    id: str = Field(description="What `DIALER_CARRIER_APPLICATION_ID`, or that of the trunk, is set to.")
    name: str
    answer: WebhookOut | None
    event: WebhookOut | None
    fallback: WebhookOut | None
    capabilities: list[str] = Field(description="`voice` is the one that calls need.")
    public_key: str | None

    @classmethod
    def of(cls, application: Application) -> Self:
        """The answer for one application."""
        return cls(
            id=application.id,
            name=application.name,
            answer=WebhookOut.of(application.answer),
            event=WebhookOut.of(application.event),
            fallback=WebhookOut.of(application.fallback),
            capabilities=sorted(application.capabilities),
            public_key=application.public_key,
        )


class ApplicationsOut(Outgoing):
    """All applications of the account."""

    applications: list[ApplicationOut]


@routes.get(
    "/v1/applications",
    role=Role.ADMIN,
    answers={200: Answer(description="All of them.", model=ApplicationsOut)},
    problems=_PROBLEMS,
)
async def list_applications(request: web.Request, *, query: AccountQuery) -> web.StreamResponse:
    """The account's applications; the carrier's sandbox has no list."""
    found = [ApplicationOut.of(each) async for each in _carriers(request, query).list_all()]
    return web.json_response(text=ApplicationsOut(applications=found).model_dump_json())


@routes.post(
    "/v1/applications",
    role=Role.ADMIN,
    answers={
        201: Answer(description="It was made.", model=ApplicationOut, headers=CREATED),
    },
    request_headers=PARAMETER,
    problems=(KEY_IN_USE, KEY_REUSED, *_PROBLEMS),
    audit=Audit(Action.APPLICATION_CREATED, tells=("name",)),
)
async def create_application(
    request: web.Request, *, body: ApplicationToMake, query: AccountQuery
) -> web.StreamResponse:
    """Make an application.

    Without `Idempotency-Key` not to be repeated blindly: the carrier takes the same name twice. After a refusal that
    says it may have been made all the same, look first. A private key is not told here: `dialer app create` can keep it
    in a file.
    """
    applications, wanted = _carriers(request, query), _wanted(request, body)

    async def make(_derived: str | None) -> KeptAnswer:
        made = await applications.create(wanted)
        return KeptAnswer(201, _shown(made), f"/v1/applications/{made.id}")

    return await answer_once(request, f"post-applications-{query.trunk}", body, make)


@routes.get(
    "/v1/applications/{application_id}",
    role=Role.ADMIN,
    answers={200: Answer(description="The application.", model=ApplicationOut)},
    problems=_PROBLEMS,
)
async def get_application(request: web.Request, application_id: str, *, query: AccountQuery) -> web.StreamResponse:
    """One application."""
    found = await _carriers(request, query).get(application_id)
    if found is None:
        raise NotFound("The carrier has no application of this id.")
    return web.json_response(text=_shown(found))


async def change_application(
    request: web.Request, application_id: str, *, body: WholeApplication, query: AccountQuery
) -> web.StreamResponse:
    """Make an application what the body says; may be repeated."""
    changed = await _carriers(request, query).change(application_id, _wanted(request, body))
    return web.json_response(text=_shown(changed))


async def delete_application(request: web.Request, application_id: str, *, query: AccountQuery) -> web.StreamResponse:
    """Remove an application for ever; calls in its name are refused from then on."""
    await _carriers(request, query).delete(application_id)
    return web.Response(status=HTTPStatus.NO_CONTENT)


_ONE = "/v1/applications/{application_id}"
_CHANGED = {200: Answer(description="The application as it is now.", model=ApplicationOut)}
routes.add(
    "PUT",
    _ONE,
    change_application,
    role=Role.ADMIN,
    answers=_CHANGED,
    problems=_PROBLEMS,
    audit=Audit(Action.APPLICATION_CHANGED, tells=("name",)),
)
routes.add(
    "DELETE",
    _ONE,
    delete_application,
    role=Role.ADMIN,
    answers={204: Answer(description="Removed.")},
    problems=_PROBLEMS,
    audit=Audit(Action.APPLICATION_DELETED),
)


def _carriers(request: web.Request, query: AccountQuery) -> Applications:
    runtime = request.app[RUNTIME]
    if query.trunk not in runtime.settings.trunk_names:
        raise InvalidInput(f"there is no trunk {query.trunk!r}", field="trunk")
    if query.trunk in runtime.providers:
        return runtime.carrier(query.trunk).applications
    try:
        runtime.settings.require(*CARRIER_FIELDS)
    except InvalidInput as error:
        raise Problem(NO_CARRIER, f"{error} Set it for the API too, and start it again.") from None
    raise AssertionError("with all carrier settings there is a provider")


def _wanted(request: web.Request, body: ApplicationToMake | WholeApplication) -> NewApplication:
    methods = (body.answer_method, body.event_method)
    settings = request.app[RUNTIME].settings
    return new_application(settings, body.name, answer_url=body.answer_url, event_url=body.event_url, methods=methods)


def _shown(application: Application) -> str:
    return ApplicationOut.of(application).model_dump_json()
