"""The operator page at `/` and the API's reference at `/docs`: files of the package, answered as they are.

Both are clients of the API.

Nothing of it is secret, so it asks for no key; what it shows it gets from `/v1` with the key of whoever looks. Its
policy lets it load and ask nothing but this dialer. Each file has an ETag and is asked for again each time (304), so
that a page of an older release never meets the API of a newer one for long.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources

from aiohttp import web

from dialer.api.problems import NOT_FOUND, Problem
from dialer.api.routing import Answer, Routes

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "media-src 'self' blob:; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_INDEX = "index.html"
PAGE = "dialer.page"
REFERENCE = "dialer.reference"
_SERVED = {"ETag": "Of the file.", "Content-Security-Policy": "Nothing but this dialer."}

routes = Routes()


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of the page."""

    body: bytes
    media_type: str
    etag: str


@functools.cache
def assets(package: str) -> dict[str, Asset]:
    """All files that are served, by name; texts about them and licences are not."""
    files = [file for file in resources.files(package).iterdir() if file.name.rpartition(".")[2] in _TYPES]
    return {file.name: _asset(file.name, file.read_bytes()) for file in files}


def _asset(name: str, body: bytes) -> Asset:
    return Asset(body, _TYPES[name.rpartition(".")[2]], sha256(body).hexdigest()[:32])


@routes.get(
    "/",
    public=True,
    answers={200: Answer(description="The page.", media_types=("text/html",), headers=_SERVED)},
)
async def get_page(request: web.Request) -> web.StreamResponse:
    """The operator page, for people: campaigns live, their calls, conferences, recordings, suppression."""
    return _answer(request, PAGE, _INDEX)


@routes.get(
    "/page/{file}",
    public=True,
    answers={200: Answer(description="The file.", media_types=tuple(_TYPES.values()), headers=_SERVED)},
)
async def get_page_file(request: web.Request) -> web.StreamResponse:
    """A file of the operator page."""
    return _answer(request, PAGE, request.match_info["file"])


@routes.get(
    "/docs",
    public=True,
    answers={200: Answer(description="The reference.", media_types=("text/html",), headers=_SERVED)},
)
async def get_reference(request: web.Request) -> web.StreamResponse:
    """This document as a page: every operation with its examples, to be tried with a key."""
    return _answer(request, REFERENCE, _INDEX)


@routes.get(
    "/docs/{file}",
    public=True,
    answers={200: Answer(description="The file.", media_types=tuple(_TYPES.values()), headers=_SERVED)},
)
async def get_reference_file(request: web.Request) -> web.StreamResponse:
    """A file of the reference."""
    return _answer(request, REFERENCE, request.match_info["file"])


def _answer(request: web.Request, package: str, name: str) -> web.Response:
    asset = assets(package).get(name)
    if asset is None:
        raise Problem(NOT_FOUND, "The page has no file of this name.")
    known = {tag.value for tag in request.if_none_match or ()}
    headers = _HEADERS | {"ETag": f'"{asset.etag}"'}
    if known & {asset.etag, "*"}:
        return web.Response(status=304, headers=headers)
    return web.Response(body=asset.body, content_type=asset.media_type, charset="utf-8", headers=headers)
