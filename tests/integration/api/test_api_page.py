"""The operator page as files: its policy, its cache, and that it names nobody else's site."""

from __future__ import annotations

import re

import aiohttp
import pytest

from dialer.api.page import PAGE, POLICY, assets


async def test_page_comes_with_its_policy(stranger: aiohttp.ClientSession) -> None:
    """The page asks for no key, and lets a browser load and ask this dialer alone."""
    async with stranger.get("/") as response:
        headers = response.headers
        assert (200, "text/html") == (response.status, response.content_type)
        assert (POLICY, "nosniff") == (headers["Content-Security-Policy"], headers["X-Content-Type-Options"])
        assert ("no-referrer", "no-cache") == (headers["Referrer-Policy"], headers["Cache-Control"])
    assert "unsafe" not in POLICY


async def test_known_file_is_not_sent_again(stranger: aiohttp.ClientSession) -> None:
    """A browser that has a file already is told so by its ETag."""
    async with stranger.get("/page/app.js") as response:
        tag = response.headers["ETag"]
        assert "text/javascript" == response.content_type
    async with stranger.get("/page/app.js", headers={"If-None-Match": tag}) as response:
        assert (304, b"") == (response.status, await response.read())


@pytest.mark.parametrize("name", ["README.md", "__init__.py", "nothing.js", "..%2Fkeys.py", "%2e%2e%2fsettings.py"])
async def test_nothing_else_is_served(stranger: aiohttp.ClientSession, name: str) -> None:
    """Files that are no part of the page are not there."""
    async with stranger.get(f"/page/{name}") as response:
        assert 404 == response.status


def test_page_names_no_other_site() -> None:
    """No file of the page loads anything from elsewhere, or has code or style inside of the markup."""
    texts = {name: asset.body.decode() for name, asset in assets(PAGE).items()}
    named = {name: set(re.findall(r"https?://[\w.-]+", text)) - {"http://www.w3.org"} for name, text in texts.items()}
    assert {} == {name: found for name, found in named.items() if found}
    assert not re.search(r"<script(?![^>]*src=)|<style|\son\w+=|\sstyle=", texts["index.html"])
    assert [] == [
        name
        for name, text in texts.items()
        if re.search("innerHTML|insertAdjacent|eval\\(", text) and name != "preact.js"
    ]


def test_all_that_is_imported_is_there() -> None:
    """Each module and file that the page names is served."""
    named = {
        found
        for asset in assets(PAGE).values()
        for found in re.findall(r"""(?:from "\./|["']/page/)([\w.-]+)""", asset.body.decode())
    }
    assert set() == named - assets(PAGE).keys()


async def test_reference_is_served_by_the_dialer_alone(stranger: aiohttp.ClientSession) -> None:
    """The page and each file that it names are there, under the same policy as the operator page."""
    async with stranger.get("/docs") as response:
        page = await response.text()
        assert (200, POLICY) == (response.status, response.headers["Content-Security-Policy"])
    named = re.findall(r'(?:href|src)="([^"]+)"', page)
    assert "/docs/reference.js" in named
    for path in named:
        async with stranger.get(path) as response:
            assert 200 == response.status, path
    async with stranger.get("/docs/README.md") as response:
        assert 404 == response.status
