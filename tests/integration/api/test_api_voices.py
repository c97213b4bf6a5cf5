"""`GET /v1/voices`: the catalogue over HTTP."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

LOTTE = {
    "language": "nl-NL",
    "language_name": "Dutch (Netherlands)",
    "style": 0,
    "gender": "female",
    "name": "Lotte",
    "ssml": True,
    "standard": True,
    "premium": False,
    "name_2018": "Lotte",
    "generations": ["2018", "today"],
}


async def _voices(api: aiohttp.ClientSession, **query: str) -> list[dict[str, Any]]:
    async with api.get("/v1/voices", params=query) as response:
        assert 200 == response.status, await response.text()
        told: list[dict[str, Any]] = (await response.json())["voices"]
        return told


async def test_voices_are_told_with_all_that_is_known(api: aiohttp.ClientSession) -> None:
    """A voice is told with its style, names, kinds and generations."""
    assert LOTTE == (await _voices(api, language="nl-NL"))[0]


async def test_filters_work_together(api: aiohttp.ClientSession) -> None:
    """Language and generation both narrow the list; nothing left is an empty one."""
    assert 65 == len({voice["language"] for voice in await _voices(api)})
    assert ["Lotte", "Ruben"] == [voice["name"] for voice in await _voices(api, language="nl", generation="2018")]
    assert [] == await _voices(api, language="xx")


@pytest.mark.parametrize("query", [{"generation": "2017"}, {"language": ""}, {"lang": "nl"}])
async def test_wrong_filter_is_named(api: aiohttp.ClientSession, query: dict[str, str]) -> None:
    """A filter that does not exist, or a value that it cannot have, is refused by name."""
    async with api.get("/v1/voices", params=query) as response:
        assert (422, next(iter(query))) == (response.status, (await response.json())["field"])


async def test_strangers_are_not_told(stranger: aiohttp.ClientSession) -> None:
    """The list asks for the key like everything under /v1."""
    async with stranger.get("/v1/voices") as response:
        assert 401 == response.status
