"""Names that came from outside are looked up so that a silent name server holds up nobody who did not ask it."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

from dialer.foreign_names import MOST, ForeignNames
from dialer.public_names import PublicNames

_PROMPT_S = 2.0
_MORE_THAN_LOOPS_HAVE = 40  # of threads: the event loop has 32 at the most


class NameServer:
    """One that is asked for everything instead of the system's; under `.silent` it answers only once it may."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.may_answer = threading.Event()

    def found(self, host: str, port: int, _family: int, kind: int, **_: Any) -> list[tuple[Any, ...]]:
        """As the system's `getaddrinfo`."""
        self.asked[host] += 1
        if host.endswith(".silent"):
            self.may_answer.wait(timeout=30)
        if host.endswith(".gone"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [
            (socket.AF_INET, kind, socket.IPPROTO_TCP, "", ("93.184.216.34", port)),
            (socket.AF_INET6, kind, socket.IPPROTO_TCP, "", ("2606:2800:220:1::1", port, 0, 0)),
        ]


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[NameServer]:
    """It answers all that it is still asked when the test ends."""
    server = NameServer()
    monkeypatch.setattr(socket, "getaddrinfo", server.found)
    yield server
    server.may_answer.set()


async def begun(*hosts: str) -> list[asyncio.Task[Any]]:
    """Lookups that are under way."""
    tasks = [asyncio.create_task(PublicNames().resolve(host, 443)) for host in hosts]
    await asyncio.sleep(0)
    return tasks


@pytest.mark.usefixtures("server")
async def test_a_name_is_found_with_all_its_addresses() -> None:
    """Of either kind, with the port that was asked for."""
    found = await ForeignNames().resolve("crm.example.com", 443)

    assert [("93.184.216.34", 443), ("2606:2800:220:1::1", 443)] == [(each["host"], each["port"]) for each in found]
    assert [socket.AF_INET, socket.AF_INET6] == [each["family"] for each in found]
    assert {"crm.example.com"} == {each["hostname"] for each in found}


async def test_silent_servers_leave_the_event_loops_threads_free(server: NameServer) -> None:
    """However many of them are asked: in those threads the carrier's name is looked up."""
    waiting = await begun(*(f"crm-{number}.silent" for number in range(_MORE_THAN_LOOPS_HAVE)))

    await asyncio.wait_for(asyncio.to_thread(int), _PROMPT_S)
    assert 2 == len(await asyncio.wait_for(ForeignNames().resolve("other.example.com"), _PROMPT_S))
    server.may_answer.set()
    assert _MORE_THAN_LOOPS_HAVE == len(await asyncio.gather(*waiting))


async def test_a_name_is_looked_up_once_for_all_who_ask_at_once(server: NameServer) -> None:
    """One who gives up takes nothing from the others; who asks later has it looked up anew."""
    impatient, *others = await begun(*["crm.silent"] * 3)
    impatient.cancel()
    server.may_answer.set()

    assert [2, 2] == [len(found) for found in await asyncio.gather(*others)]
    assert 1 == server.asked["crm.silent"]
    await ForeignNames().resolve("crm.silent", 443)
    assert 2 == server.asked["crm.silent"]


@pytest.mark.usefixtures("server")
async def test_a_name_that_leads_nowhere_is_told_to_all_who_ask() -> None:
    """As the system tells it."""
    ends = await asyncio.gather(*await begun("crm.gone", "crm.gone"), return_exceptions=True)

    assert [socket.gaierror] * 2 == [type(end) for end in ends]


async def test_there_is_an_end_to_silent_names(server: NameServer) -> None:
    """Beyond so many the next is refused at once, and tried again as anybody who cannot be reached."""
    waiting = await begun(*(f"crm-{number}.silent" for number in range(MOST)))

    with pytest.raises(BlockingIOError):
        await ForeignNames().resolve("one-more.example.com", 443)
    server.may_answer.set()
    await asyncio.gather(*waiting)
    assert 2 == len(await ForeignNames().resolve("one-more.example.com", 443))
