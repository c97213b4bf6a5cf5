"""`/v1/suppressions`: numbers that no campaign calls, put there and taken off by hand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from dialer.dialing import Begun, Dialing, Pace
from dialer.model import NewCall, Priority
from dialer.runtime import Runtime

Everything = Callable[[], Awaitable[dict[str, bytes]]]


async def post(api: aiohttp.ClientSession, verb: str, number: Any, **further: Any) -> tuple[int, dict[str, Any]]:
    """Ask for one number."""
    async with api.post(f"/v1/suppressions/{verb}", json={"number": number} | further) as response:
        return response.status, await response.json()


async def test_a_number_is_put_there_and_taken_off(api: aiohttp.ClientSession) -> None:
    """National numbers are read as those of lists are; a second time changes nothing, and since when stays."""
    _, added = await post(api, "add", "06-12345678")
    _, again = await post(api, "add", "+31612345678")
    _, stands = await post(api, "check", "0031612345678")
    _, removed = await post(api, "remove", "+31612345678")
    _, gone = await post(api, "check", "+31612345678")

    assert ("+31612345678", True, True) == (added["number"], added["suppressed"], added["changed"])
    assert (False, added["since"]) == (again["changed"], again["since"])
    assert (True, added["since"]) == (stands["suppressed"], stands["since"])
    assert (True, False, None) == (removed["changed"], gone["suppressed"], gone["since"])


async def test_pages_hold_every_number_once(api: aiohttp.ClientSession) -> None:
    """Following the cursor visits all of them, longest ago first."""
    numbers = [f"+316123456{position:02}" for position in range(25)]
    for number in numbers:
        await post(api, "add", number)
    seen: list[str] = []
    query: dict[str, str] | None = {"limit": "10"}
    while query:
        async with api.get("/v1/suppressions", params=query) as response:
            page = await response.json()
        seen += [one["number"] for one in page["suppressions"]]
        query = {"limit": "10", "cursor": page["next_cursor"]} if page["next_cursor"] else None

    assert numbers == sorted(seen) == seen


@pytest.mark.parametrize("number", ["", "12", "+3161234567", "x" * 101, None, 31612345678, "sip:a b"])
@pytest.mark.parametrize("verb", ["add", "remove", "check"])
async def test_what_is_no_number_changes_nothing(
    verb: str, number: Any, api: aiohttp.ClientSession, everything: Everything
) -> None:
    """It is refused by name, whatever was asked."""
    before = await everything()
    status, problem = await post(api, verb, number)

    assert (422, "number") == (status, problem["field"])
    assert before == await everything()


async def test_lists_are_kept_apart(api: aiohttp.ClientSession) -> None:
    """A number on one list is on no other, and naming the list of all campaigns is the same as naming none."""
    await post(api, "add", "+31612345678", list="vip")
    await post(api, "add", "+31612345679")
    found = {}
    for name in ("vip", "*"):
        checked = [(await post(api, "check", f"+3161234567{last}", list=name))[1] for last in (8, 9)]
        assert {name} == {one["list"] for one in checked}
        found[name] = [one["suppressed"] for one in checked]
    async with api.get("/v1/suppressions", params={"list": "vip"}) as response:
        page = (await response.json())["suppressions"]
    _, removed = await post(api, "remove", "+31612345678", list="vip")

    assert {"vip": [True, False], "*": [False, True]} == found
    assert [("+31612345678", "vip", True)] == [(one["number"], one["list"], one["suppressed"]) for one in page]
    assert (False, True) == (removed["suppressed"], removed["changed"])


@pytest.mark.parametrize("verb", ["remove", "check"])
async def test_a_list_that_is_not_there_is_not_found(
    verb: str, api: aiohttp.ClientSession, everything: Everything
) -> None:
    """Nothing is taken off it, nothing is told of it, and it is not made."""
    before = await everything()
    status, problem = await post(api, verb, "+31612345678", list="vip")

    assert (404, True) == (status, "'vip'" in problem["detail"])
    assert before == await everything()


@pytest.mark.parametrize("name", ["", "VIP", "a b", "a--b", "-a", "**", "x" * 41, None, 1])
@pytest.mark.parametrize("verb", ["add", "remove", "check"])
async def test_what_is_no_name_of_a_list_changes_nothing(
    verb: str, name: Any, api: aiohttp.ClientSession, everything: Everything
) -> None:
    """The refusal names the field."""
    before = await everything()
    status, problem = await post(api, verb, "+31612345678", list=name)

    assert (422, "list") == (status, problem["field"])
    assert before == await everything()


async def test_it_holds_for_a_call_that_is_about_to_leave(api: aiohttp.ClientSession, runtime: Runtime) -> None:
    """A call that was claimed already is not begun any more; taken off, the number is called again."""
    dialing = Dialing(runtime.batch, runtime.clock, Pace(100, 1), life=runtime.life)
    begun: list[Begun] = []
    for verb in ("add", "remove"):
        await runtime.store.enqueue_call(Priority.NORMAL, NewCall(number="+31612345678"), key=None)
        # Due within the millisecond in which it was added, and claimed in the next one.
        while not (claims := (await dialing.claim(1)).claims):
            pass
        (dial,) = await dialing.read(claims)
        await post(api, verb, "+31612345678")
        begun.append(await dialing.begin(dial, "n1", lease_ms=60_000))

    assert [Begun.SUPPRESSED, Begun.BEGUN] == begun
