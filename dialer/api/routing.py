"""Routes declared by the types of their handlers: the thin layer between aiohttp and what a request means.

A handler says in its signature what it takes: `body` and `query` are pydantic models, read and checked before it runs,
the names in braces of its path are ids. The same declaration makes the route's page in the OpenAPI document
(`openapi.py`), so the two cannot differ. Each says which role a key must have; one marked
`public` asks for no key.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, get_type_hints

from aiohttp import web
from pydantic import BaseModel

from dialer.access import Role
from dialer.api.audited import Audit, audited
from dialer.api.bodies import read_json, read_query
from dialer.api.keys import CALLER, OPERATIONS
from dialer.api.models import Nothing
from dialer.api.once import HEADER as IDEMPOTENCY_KEY
from dialer.api.problems import NOT_FOUND, Problem, ProblemType
from dialer.forms import OUR_ID

Handler = Callable[..., Awaitable[web.StreamResponse]]
PlainHandler = Callable[[web.Request], Awaitable[web.StreamResponse]]

# Only what our own ids are made of may reach the names of keys in Redis.
_ID = re.compile(OUR_ID, re.ASCII)
MAX_ID_LENGTH = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One success of a route: what it means, its body's model, or other media types without one.

    Attributes:
        events: of a stream of server-sent events: the models of their data, by their names.
    """

    description: str
    model: type[BaseModel] | None = None
    media_types: tuple[str, ...] = ("application/json",)
    headers: Mapping[str, str] = field(default_factory=dict)
    events: Mapping[str, type[BaseModel]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method of one path.

    Attributes:
        role: which role asks for it, or any one of several; only a public one has none.
        body: the model of a JSON body, None where the handler reads it by itself or there is none.
        query: the model of the query string; None leaves it unread.
        streamed: for a body that the handler reads by itself: its media types, each with its schema or example.
        problems: refusals beyond those that follow from the other fields.
        request_headers: optional headers that it honours, as OpenAPI parameters without name and place.
        repeatable: why it may be sent again where no answer came; for a POST without `Idempotency-Key`.
        audit: which action of the audit log it is; None for one that is not audited. What changes something says so.
    """

    method: str
    path: str
    handler: Handler
    answers: Mapping[int, Answer]
    name: str
    about: str
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    streamed: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    problems: tuple[ProblemType, ...] = ()
    request_headers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    role: Role | tuple[Role, ...] | None = None
    public: bool = False
    repeatable: str = ""
    audit: Audit | None = None

    @property
    def needs(self) -> tuple[Role, ...]:
        """The roles of which one is needed; none for a public route."""
        return (self.role,) if isinstance(self.role, Role) else self.role or ()

    @property
    def path_names(self) -> list[str]:
        """The names in braces."""
        return re.findall(r"{(\w+)}", self.path)


class Routes:
    """A module's routes, gathered by decorators."""

    def __init__(self) -> None:
        self._routes: list[Route] = []

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def get(self, path: str, **declared: Any) -> Callable[[Handler], Handler]:
        """Declare a handler of GET; HEAD is answered too."""
        return functools.partial(self.add, "GET", path, **declared)

    def post(self, path: str, **declared: Any) -> Callable[[Handler], Handler]:
        """Declare a handler of POST."""
        return functools.partial(self.add, "POST", path, **declared)

    def put(self, path: str, **declared: Any) -> Callable[[Handler], Handler]:
        """Declare a handler of PUT."""
        return functools.partial(self.add, "PUT", path, **declared)

    def patch(self, path: str, **declared: Any) -> Callable[[Handler], Handler]:
        """Declare a handler of PATCH."""
        return functools.partial(self.add, "PATCH", path, **declared)

    def delete(self, path: str, **declared: Any) -> Callable[[Handler], Handler]:
        """Declare a handler of DELETE."""
        return functools.partial(self.add, "DELETE", path, **declared)

    def add(self, method: str, path: str, handler: Handler, **declared: Any) -> Handler:
        """Declare one route; `declared` are fields of Route."""
        hints = get_type_hints(handler)
        # Nothing is read without being declared: an unknown query parameter is a mistake of the client's.
        query = hints.get("query", None if declared.get("public") else Nothing)
        if method != "GET" and not declared.get("public") and "audit" not in declared:
            raise TypeError(f"{method} {path}: say by audit=Audit(...) which action it is, or audit=None and why not")
        if not declared.get("public") and not declared.get("role"):
            raise TypeError(f"{method} {path}: say by role=Role... who may do it, or public=True")
        takes_key = IDEMPOTENCY_KEY in declared.get("request_headers", {})
        if method == "POST" and not declared.get("public") and not takes_key and not declared.get("repeatable"):
            raise TypeError(f"{method} {path}: say by repeatable=... why it needs no {IDEMPOTENCY_KEY}, or take one")
        named = {"name": handler.__name__, "about": inspect.getdoc(handler) or ""} | declared
        route = Route(method=method, path=path, handler=handler, body=hints.get("body"), query=query, **named)
        self._routes.append(route)
        return handler


Expect = Callable[[tuple[Role, ...], web.Request], Awaitable[None]]


def install(app: web.Application, routes: Iterable[Route], *, expect: Expect) -> None:
    """Add the routes to an application.

    Args:
        app: where to.
        routes: what.
        expect: answers `Expect: 100-continue`, before a body is sent, knowing which roles are needed.
    """
    operations = app[OPERATIONS] = {}
    for route in routes:
        # A carrier's HEAD must not count as its having fetched a script.
        head = route.method == "GET" and not route.path.startswith("/webhooks/")
        expecting = functools.partial(expect, route.needs)
        for method in (route.method, "HEAD") if head else (route.method,):
            app.router.add_route(method, route.path, _bound(route), expect_handler=expecting)
            operations[method, route.path] = route.name


def _bound(route: Route) -> PlainHandler:
    if route.public:
        return route.handler

    async def bound(request: web.Request) -> web.StreamResponse:
        request[CALLER].require(route.needs)
        arguments: dict[str, Any] = {name: _checked_id(text) for name, text in request.match_info.items()}
        if route.query is not None:
            read = read_query(request, route.query)
            arguments |= {} if route.query is Nothing else {"query": read}
        if route.body is not None:
            arguments["body"] = await read_json(request, route.body)
        if route.audit is None:
            return await route.handler(request, **arguments)
        return await audited(request, route.audit, arguments, functools.partial(route.handler, request, **arguments))

    return bound


def _checked_id(text: str) -> str:
    if len(text) > MAX_ID_LENGTH or not _ID.fullmatch(text):
        raise Problem(NOT_FOUND, "There is nothing of this id.")
    return text
