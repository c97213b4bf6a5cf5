"""The account's applications through KPN (REFERENCE 6.1): made from a form, changed by a query.

Vonage itself took a form for changing too, and KPN's text contradicts its own specification, so a change whose query
is refused is sent once more as a form: a PUT may be repeated. Making one may not: the carrier has no idempotency key
and takes the same name twice.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from http import HTTPStatus as Http

from dialer.errors import CarrierError, InvalidInput, NotFound
from dialer.providers.assets import Application, NewApplication
from dialer.providers.base import Refusal
from dialer.providers.kpn import checks
from dialer.providers.kpn.answers import Answer
from dialer.providers.kpn.application_answers import ApplicationPaging, parse_application
from dialer.providers.kpn.channel import Channel, NoAnswer
from dialer.providers.kpn.outcomes import is_unknown, refusal_of

LONGEST_LIST = 2 * 1024 * 1024  # bytes; an application with its key is some 1,500
_MOST_PAGES = 1_000
_LONGEST_NAME = 100
_SUCCESS = range(200, 300)
_METHODS = ("GET", "POST")
_NO_LIST = {Refusal.TOKEN, Refusal.MISCONFIGURED, Refusal.BAD_REQUEST}  # which of them is not documented
_FORM_WANTED = frozenset({Http.BAD_REQUEST, Http.UNSUPPORTED_MEDIA_TYPE, Http.UNPROCESSABLE_ENTITY})


def write_application(wanted: NewApplication) -> dict[str, str]:
    """The fields of a form or query; both methods are always named (their defaults differ, REFERENCE 2.5)."""
    name = wanted.name.strip()
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise InvalidInput(f"a name is one line of 1 to {_LONGEST_NAME} characters", field="name")
    return {
        "name": name,
        "type": "voice",
        "answer_url": checks.url(wanted.answer_url, "answer_url"),
        "answer_method": checks.choice(wanted.answer_method, _METHODS, "answer_method"),
        "event_url": checks.url(wanted.event_url, "event_url"),
        "event_method": checks.choice(wanted.event_method, _METHODS, "event_method"),
    }


class KpnApplications:
    """Makes, lists, shows, changes and deletes applications. See `dialer.providers.assets.Applications`."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    async def create(self, wanted: NewApplication) -> Application:
        """Make one. Raises InvalidInput; CarrierError, not retryable where it may have been made all the same."""
        form = write_application(wanted)
        try:
            answer = await self._ask("POST", data=form)
        except NoAnswer as error:
            raise _perhaps_made(str(error), None) from error
        if refusal_of(answer) is not None:
            self._channel.successful(answer)
        application = parse_application(answer.fields())
        if application is None or answer.status not in _SUCCESS:
            raise _perhaps_made(self._channel.said(answer), answer.status)
        return application

    async def list_all(self) -> AsyncIterator[Application]:
        """All of them, each once. Raises CarrierError, with advice where the sandbox has no list."""
        paging = ApplicationPaging()
        for _ in range(_MOST_PAGES):
            if paging.query is None:
                return
            answer = await self._ask("GET", params=paging.query, at_most=LONGEST_LIST)
            for application in paging.take(self._page(answer)):
                yield application
        raise CarrierError("The carrier's list of applications does not end", retryable=False)

    async def get(self, application_id: str) -> Application | None:
        """One of them, None if there is none of this id. Raises CarrierError."""
        answer = await self._ask("GET", application_id)
        return None if is_unknown(answer) else self._read(self._channel.successful(answer))

    async def change(self, application_id: str, wanted: NewApplication) -> Application:
        """Make one what is wanted; may be repeated. Raises NotFound, InvalidInput, CarrierError."""
        fields = write_application(wanted)
        answer = await self._ask("PUT", application_id, params=fields)
        if answer.status in _FORM_WANTED:
            answer = await self._ask("PUT", application_id, data=fields)
        return self._read(self._found(answer))

    async def delete(self, application_id: str) -> None:
        """Remove one for ever. Raises NotFound, CarrierError."""
        self._found(await self._ask("DELETE", application_id))

    async def _ask(self, method: str, *parts: str, **options: object) -> Answer:
        url = self._channel.address("applications", *parts)
        return await self._channel.ask(method, url, of_application=False, **options)

    def _found(self, answer: Answer) -> Answer:
        if is_unknown(answer):
            raise NotFound("The carrier has no application of this id")
        return self._channel.successful(answer)

    def _page(self, answer: Answer) -> dict[str, object]:
        if refusal_of(answer) in _NO_LIST:
            advice = "The carrier does not list applications here. KPN's sandbox cannot: look at the portal, or upgrade"
            raise CarrierError(f"{advice} ({self._channel.said(answer)})", status=answer.status, retryable=False)
        page = self._channel.successful(answer).fields()
        if not {"_embedded", "count", "total_items"} & page.keys():
            raise self._channel.senseless(answer)
        return page

    def _read(self, answer: Answer) -> Application:
        application = parse_application(answer.fields())
        if application is None:
            raise self._channel.senseless(answer)
        return application


def _perhaps_made(why: str, status: int | None) -> CarrierError:
    message = f"{why}; the application may have been made all the same: look before trying again"
    return CarrierError(message, status=status, retryable=False)
