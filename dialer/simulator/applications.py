"""Applications of the account: created by a form, changed by a query, told in the words of either generation.

An application holds the addresses that a call without its own goes to. Through KPN nothing more can be set.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from dialer.simulator.config import SimulatorConfig
from dialer.simulator.orders import Order, Problem
from dialer.simulator.replies import Verdict, bad_request, kpn, verdict, vonage

PATH = "/applications"
MAX_PAGE = 100
PUBLIC_KEY = "PUBLIC_KEY_OF_THE_STAND_IN"
_URL = (re.compile(r"https?://[!-~]+"), "Must be a valid URL.")
_METHOD = (re.compile(r"GET|POST|PUT"), "Must be GET, POST or PUT.")
_PRODUCTS = {"voice": "voice", "message": "messages"}
_METHOD_FIELDS = ("answer_method", "event_method")
_CHECKS = {
    "name": (re.compile(r".{1,255}"), "Must be a short text."),
    "type": (re.compile(r"voice|message"), "Must be voice or message."),
    "answer_url": _URL,
    "event_url": _URL,
    **dict.fromkeys(_METHOD_FIELDS, _METHOD),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """One application, as it was asked for."""

    id: str
    name: str
    type: str
    answer_url: str
    answer_method: str
    event_url: str
    event_method: str


class Applications:
    """Creates, lists, shows, changes and deletes them."""

    def __init__(self, config: SimulatorConfig) -> None:
        self._config = config
        self._applications: dict[str, Application] = {}

    def __contains__(self, application_id: object) -> bool:
        return application_id in self._applications

    def complete(self, order: Order, application_id: str) -> Order:
        """An order whose events go to the application's address, where it names none."""
        known = self._applications.get(application_id)
        if known is None or order.event_url is not None:
            return order
        return replace(order, event_url=known.event_url, event_method=known.event_method)

    def create(self, form: Mapping[str, str], content_type: str) -> Verdict:
        """POST: a form, and nothing else."""
        if content_type != "application/x-www-form-urlencoded":
            return kpn(415, "Only application/x-www-form-urlencoded is taken")
        return self._keep(str(uuid.uuid4()), form, 201)

    def change(self, application_id: str, query: Mapping[str, str]) -> Verdict:
        """PUT: all fields, in the query."""
        return self._keep(application_id, query, 200) if application_id in self else _unknown()

    def one(self, application_id: str) -> Verdict:
        """GET one."""
        known = self._applications.get(application_id)
        return _unknown() if known is None else verdict(200, self._shown(known))

    def delete(self, application_id: str) -> Verdict:
        """DELETE one: no body."""
        return _unknown() if self._applications.pop(application_id, None) is None else verdict(204)

    def page(self, query: Mapping[str, str]) -> Verdict:
        """GET the list, a page of it; not in the sandbox."""
        if self._config.application_list == "refused":
            return kpn(403, "Not available in the sandbox")
        first_page = 0 if self._config.application_shape == "2018" else 1
        try:
            size = int(query.get("page_size", "10"))
            index = int(query.get("page", query.get("page_index", first_page)))
        except ValueError:
            size = index = -1
        if not 1 <= size <= MAX_PAGE or index < first_page:
            return self._wrong([Problem("page_size", f"Must be between 1 and {MAX_PAGE}.")])
        first = (index - first_page) * size
        shown = [self._shown(each) for each in tuple(self._applications.values())[first : first + size]]
        return verdict(200, self._list(shown, size, index))

    def _keep(self, application_id: str, fields: Mapping[str, str], status: int) -> Verdict:
        problems = _problems(fields)
        if problems:
            return self._wrong(problems)
        application = Application(
            id=application_id,
            name=fields["name"],
            type=fields["type"],
            answer_url=fields["answer_url"],
            answer_method=fields.get("answer_method", "GET"),
            event_url=fields["event_url"],
            event_method=fields.get("event_method", "GET"),  # KPN's default; Vonage's was POST
        )
        self._applications[application_id] = application
        return verdict(status, self._shown(application))

    def _wrong(self, problems: list[Problem]) -> Verdict:
        return bad_request(self._config.bad_request_style, problems)

    def _shown(self, application: Application) -> dict[str, Any]:
        shape = _in_2018 if self._config.application_shape == "2018" else _today
        return {"id": application.id, "name": application.name, **shape(application)}

    def _list(self, shown: list[dict[str, Any]], size: int, index: int) -> dict[str, Any]:
        count = len(self._applications)
        if self._config.application_shape == "2018":
            counts = {"count": count, "page_size": size, "page_index": index}
        else:
            counts = {"page_size": size, "page": index, "total_items": count, "total_pages": -(-count // size)}
        return {**counts, "_embedded": {"applications": shown}, "_links": self._links(size, index)}

    def _links(self, size: int, index: int) -> dict[str, Any]:
        old = self._config.application_shape == "2018"
        key, base, pages_before = ("page_index", PATH, 1) if old else ("page", f"/v2{PATH}", 0)
        links = {"self": index}
        if (index + pages_before) * size < len(self._applications):
            links["next"] = index + 1
        return {name: {"href": f"{base}?{urlencode({'page_size': size, key: page})}"} for name, page in links.items()}


def _unknown() -> Verdict:
    return vonage(404, "NOT_FOUND", "Not Found")


def _problems(fields: Mapping[str, str]) -> list[Problem]:
    problems = (_problem(name, fields.get(name, "")) for name in _CHECKS)
    return [problem for problem in problems if problem is not None]


def _problem(name: str, value: str) -> Problem | None:
    check, reason = _CHECKS[name]
    if not value:
        return None if name in _METHOD_FIELDS else Problem(name, "Is required.")
    return None if check.fullmatch(value) else Problem(name, reason)


def _in_2018(application: Application) -> dict[str, Any]:
    webhooks = [
        {"endpoint_type": "answer_url", "endpoint": application.answer_url, "http_method": application.answer_method},
        {"endpoint_type": "event_url", "endpoint": application.event_url, "http_method": application.event_method},
    ]
    return {
        _PRODUCTS[application.type]: {"webhooks": webhooks},
        "keys": {"public_key": PUBLIC_KEY},
        "_links": {"self": {"href": f"{PATH}/{application.id}"}},
    }


def _today(application: Application) -> dict[str, Any]:
    webhooks = {
        "answer_url": {"address": application.answer_url, "http_method": application.answer_method},
        "event_url": {"address": application.event_url, "http_method": application.event_method},
    }
    return {
        "capabilities": {_PRODUCTS[application.type]: {"webhooks": webhooks, "signed_callbacks": True}},
        "keys": {"public_key": PUBLIC_KEY},
        "privacy": {"improve_ai": False},
        "_links": {"self": {"href": f"/v2{PATH}/{application.id}"}},
    }
