"""One HTTP conversation with the API: requests and answers, typed, and each failure as an error of `errors.py`."""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import aiohttp
from pydantic import BaseModel
from pydantic_core import to_json

from dialer import __version__
from dialer.client.errors import REFUSALS, ApiAbsent, ApiBroken, ApiRefusal
from dialer.client.repeating import ATTEMPTS, trials
from dialer.client.uploads import Upload

Json = dict[str, Any]
Body = BaseModel | Mapping[str, Any] | None
T = TypeVar("T")
Model = TypeVar("Model", bound=BaseModel)
Page = TypeVar("Page", bound=BaseModel)

_CHUNK_BYTES = 65_536
_AT_ONCE = aiohttp.ClientTimeout(total=2.0)
_UNAUTHORIZED = 401
_REQUEST_ID = "X-Request-Id"
_ACTOR = "X-Dialer-Actor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Where the API is and how we talk to it.

    Attributes:
        url: its address, without a slash at the end.
        api_key: its key.
        on_behalf_of: for whom we act; the audit log keeps it.
        attempts: how often a request is sent at the most, where it may be sent again.
        connect_s: how long a connection may take.
        silence_s: how long an answer may take to start, or to go on.
    """

    url: str
    api_key: str
    on_behalf_of: str | None = None
    attempts: int = ATTEMPTS
    connect_s: float = 10.0
    silence_s: float = 60.0

    def headers(self) -> dict[str, str]:
        """What each request carries."""
        told = {"Authorization": f"Bearer {self.api_key}", "User-Agent": f"dialer/{__version__}"}
        return told if self.on_behalf_of is None else told | {_ACTOR: self.on_behalf_of}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request. `once`: it might be done twice when it is sent twice."""

    method: str
    path: str
    query: Mapping[str, str] | Sequence[tuple[str, str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    data: Any = None
    once: bool = False
    timeout: aiohttp.ClientTimeout | None = None


class Wire:
    """Sends requests and reads answers; open between `open` and `close`."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._http: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Make ready; nothing is sent yet."""
        patience = aiohttp.ClientTimeout(
            total=None, sock_connect=self.connection.connect_s, sock_read=self.connection.silence_s
        )
        self._http = aiohttp.ClientSession(headers=self.connection.headers(), timeout=patience)

    async def close(self) -> None:
        """End all connections."""
        http, self._http = self._http, None
        if http is not None:
            await http.close()

    async def answers(self, url: str) -> bool:
        """Whether a request to this address succeeds at once."""
        try:
            async with self._session().get(url, timeout=_AT_ONCE) as response:
                return response.ok
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def get(self, model: type[Model], path: str, query: Mapping[str, str] | None = None) -> Model:
        """Read something."""
        return await self._told(Request(method="GET", path=path, query=query or {}), model)

    async def change(  # noqa: PLR0913 - what is sent, and under which condition
        self,
        method: str,
        model: type[Model],
        path: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        *,
        if_match: int | None = None,
    ) -> Model:
        """Change something that is changed once, however often it is asked; only at this version, where one is given.

        A version is asked for once: after an answer that was lost, the change itself would have made it another.
        """
        headers = {} if if_match is None else {"If-Match": f'"{if_match}"'}
        once = if_match is not None
        return await self._told(_with_body(method, path, body, once=once, query=query or {}, headers=headers), model)

    async def create(self, model: type[Model], path: str, body: Json, *, key: str | None = None) -> Model:
        """Create something: once under one key, by default a new one."""
        headers = {"Idempotency-Key": key or secrets.token_hex(16)}
        return await self._told(_with_body("POST", path, body, headers=headers), model)

    async def do(self, model: type[Model], path: str, body: Mapping[str, Any] | None = None, **query: Any) -> Model:
        """Do something that is done as often as it is asked, so it is asked once."""
        return await self._told(_with_body("POST", path, body, once=True, query=given(**query)), model)

    async def drop(self, path: str, query: Mapping[str, str] | None = None) -> None:
        """Delete something."""
        await self._tried(Request(method="DELETE", path=path, query=query or {}), _nothing)

    async def push(self, path: str) -> None:
        """Have something done whose answer has no body, and that is asked once."""
        await self._tried(_with_body("POST", path, {}, once=True), _nothing)

    async def upload(self, model: type[Model], path: str, upload: Upload, **query: Any) -> Model:
        """Send a file. What it adds is added once, but its bytes may come only once: so it is sent once."""
        headers = {"Content-Type": upload.content_type, "Content-Length": str(upload.size)}
        return await self._sent(model, path, upload.chunks, headers, query)

    async def upload_form(
        self, model: type[Model], path: str, plan: Mapping[str, Any], upload: Upload, **query: Any
    ) -> Model:
        """Send a form of a `plan` and a `list`."""
        form = aiohttp.MultipartWriter("form-data")
        form.append(to_json(plan), {"Content-Type": "application/json"}).set_content_disposition(
            "form-data", name="plan"
        )
        part = form.append(upload.chunks, {"Content-Type": upload.content_type})
        part.set_content_disposition("form-data", name="list", filename="list")
        return await self._sent(model, path, form, {}, query)

    async def _sent(
        self, model: type[Model], path: str, data: Any, headers: Mapping[str, str], query: Mapping[str, Any]
    ) -> Model:
        # A long list may take minutes, and the answer comes after its last row.
        patience = aiohttp.ClientTimeout(total=None, sock_connect=self.connection.connect_s)
        wanted = Request(method="POST", path=path, query=given(**query), headers=headers, data=data, once=True)
        return await self._told(replace(wanted, timeout=patience), model)

    async def download(self, path: str, **query: Any) -> AsyncIterator[bytes]:
        """A file's bytes as they come; asked for again only before the first of them."""
        request = Request(method="GET", path=path, query=given(**query))
        async with contextlib.AsyncExitStack() as stack:
            response = await self._opened(request, stack)
            with self._failures_told():
                async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
                    yield chunk

    async def lines(
        self, path: str, query: Sequence[tuple[str, str]], headers: Mapping[str, str]
    ) -> AsyncIterator[str]:
        """A text's lines as they come, without their ends."""
        request = Request(method="GET", path=path, query=query, headers=headers)
        async with contextlib.AsyncExitStack() as stack:
            response = await self._opened(request, stack)
            with self._failures_told():
                async for line in response.content:
                    yield line.decode().rstrip("\r\n")

    async def pages(
        self, model: type[Page], path: str, *, limit: int | None = None, at_once: int, **query: Any
    ) -> AsyncIterator[Page]:
        """The pages of a listing, until it ends or `limit` items could have been read, `at_once` a page at most."""
        asked = given(**query) | {"limit": str(at_once if limit is None else max(1, min(limit, at_once)))}
        while True:
            page = await self.get(model, path, asked)
            yield page
            cursor: str | None = getattr(page, "next_cursor", None)
            if cursor is None:
                return
            asked["cursor"] = cursor

    async def _told(self, request: Request, model: type[Model]) -> Model:
        async def read(response: aiohttp.ClientResponse) -> Model:
            return model.model_validate_json(await response.read())

        return await self._tried(request, read)

    async def _tried(self, request: Request, read: Callable[[aiohttp.ClientResponse], Awaitable[T]]) -> T:
        async for trial in trials(once=request.once, attempts=self.connection.attempts):
            with trial:
                async with self._responding(request) as response:
                    return await read(response)
        raise AssertionError("the last trial returns or raises")

    async def _opened(self, request: Request, stack: contextlib.AsyncExitStack) -> aiohttp.ClientResponse:
        async for trial in trials(once=request.once, attempts=self.connection.attempts):
            with trial:
                return await stack.enter_async_context(self._responding(request))
        raise AssertionError("the last trial returns or raises")

    @contextlib.asynccontextmanager
    async def _responding(self, request: Request) -> AsyncIterator[aiohttp.ClientResponse]:
        options: dict[str, Any] = {"params": request.query, "headers": request.headers, "data": request.data}
        if request.timeout is not None:
            options["timeout"] = request.timeout
        with self._failures_told():
            async with self._session().request(request.method, self.connection.url + request.path, **options) as found:
                if not found.ok:
                    raise await _refusal(found)
                yield found

    @contextlib.contextmanager
    def _failures_told(self) -> Any:
        url = self.connection.url
        try:
            yield
        except aiohttp.ClientConnectorError as error:
            raise ApiAbsent(
                f"There is no dialer API at {url}: start one with `dialer up`, or name another with --url."
            ) from error
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise ApiBroken(f"The dialer API at {url} broke off: {_first_line(error)}.") from error

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            raise RuntimeError("the client is not open: use it in a `with` block")
        return self._http


def given(**query: Any) -> dict[str, str]:
    """A query string of what is given; a name may end in `_` where Python has a word of its own."""
    return {name.rstrip("_"): _word(value) for name, value in query.items() if value is not None}


def told(body: Body, fields: Mapping[str, Any]) -> Json:
    """A body from a model, a mapping, or its fields one by one; what a model leaves unset is left to the API."""
    whole = body.model_dump(mode="json", by_alias=True, exclude_unset=True) if isinstance(body, BaseModel) else body
    return {**(whole or {}), **fields}


def _with_body(method: str, path: str, body: Mapping[str, Any] | None, **further: Any) -> Request:
    headers = {"Content-Type": "application/json", **further.pop("headers", {})}
    data = None if body is None and method == "DELETE" else to_json(body or {})
    return Request(method=method, path=path, data=data, headers=headers if data else {}, **further)


def _word(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.isoformat()
    return str(value)


async def _nothing(response: aiohttp.ClientResponse) -> None:
    await response.read()


async def _refusal(response: aiohttp.ClientResponse) -> ApiRefusal:
    try:
        problem = json.loads(await response.read())
    except (aiohttp.ClientError, ValueError):
        problem = None
    problem = problem if isinstance(problem, dict) else {}
    if response.status == _UNAUTHORIZED:
        said = str(problem.get("detail") or problem.get("title") or "The key is wrong.")
        problem["detail"] = f"{said} Give the key that `dialer up` printed with --api-key, or set DIALER_API_KEY."
    return REFUSALS.get(response.status, ApiRefusal)(
        response.status,
        problem,
        reason=response.reason or "",
        request_id=response.headers.get(_REQUEST_ID),
        retry_after_s=_seconds(response.headers.get("Retry-After")),
    )


def _seconds(told_: str | None) -> float | None:
    """`Retry-After` is a number of seconds or a date (RFC 9110, section 10.2.3)."""
    if told_ is None:
        return None
    if told_.isdigit():
        return float(told_)
    try:
        return max(0.0, (parsedate_to_datetime(told_) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__
