"""The doctor's look at replicas: who follows, who must confirm, and what is lost with a primary."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from dialer.doctor import replicas
from dialer.doctor.finding import Finding, State
from dialer.doctor.patient import open_patient
from dialer.settings import Settings
from tests.fakes.redis_group import Node, RedisGroup, open_group

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def group() -> AsyncIterator[RedisGroup]:
    """A primary and two replicas."""
    async with open_group(replicas=2) as opened:
        yield opened


async def _look(node: Node, wanted: int | None = None) -> Finding:
    settings = Settings(redis_url=f"redis://127.0.0.1:{node.port}", redis_replicas_acknowledged=wanted)
    async with open_patient(settings, "") as patient:
        return await replicas.followed(patient)


@pytest.mark.parametrize(
    ("wanted", "state", "words"),
    [
        (1, State.OK, "2 follow and confirmed a change in"),
        (2, State.WARNING, "2 follow and confirmed a change in"),
        (None, State.WARNING, "2 follow and need not confirm"),
        (3, State.FAILED, "2 of the 3 replicas that must confirm changes follow"),
    ],
)
async def test_replicas_are_weighed_against_the_setting(
    group: RedisGroup, wanted: int | None, state: State, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too few stop every call, and none that must confirm may let a phone ring twice."""
    monkeypatch.setattr(replicas, "_SLOW_MS", 60_000)  # a busy machine is no slow replica
    finding = await _look(group.servers[0], wanted)

    assert (state, True) == (finding.state, finding.found.startswith(words)), finding


async def test_a_primary_without_a_fence_is_told(group: RedisGroup) -> None:
    """One that would go on alone is a warning, with what to set."""
    client = group.servers[0].client
    await client.config_set("min-replicas-to-write", "0")
    finding = await _look(group.servers[0], 1)
    await client.config_set("min-replicas-to-write", "1")

    assert (State.WARNING, True) == (finding.state, "min-replicas-to-write 1" in finding.advice)


async def test_a_replica_is_no_place_for_a_dialer(group: RedisGroup) -> None:
    """An address that leads to a replica is told as such."""
    finding = await _look(group.servers[1])

    assert (State.FAILED, "it is a replica") == (finding.state, finding.found)


async def test_replicas_that_hang_are_told(group: RedisGroup) -> None:
    """They are there and confirm nothing: that is found by trying."""
    for node in group.servers[1:]:
        node.freeze()
    finding = await _look(group.servers[0], 1)
    for node in group.servers[1:]:
        node.thaw()

    assert (State.FAILED, "2 did not confirm a change within a second") == (finding.state, finding.found)
