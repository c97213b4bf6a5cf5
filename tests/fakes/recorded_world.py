"""A call of a world that is recorded: somebody's phone rings, and the carrier tells of a recording."""

from __future__ import annotations

from dialer.simulator import Recording
from dialer.tokens import make_token
from tests.fakes.recordings import record_event
from tests.fakes.world import SECRET, World


async def ringing(world: World) -> str:
    """Call somebody; returns the attempt once the phone rang."""
    (number,) = world.people(1)
    call = await world.call(number)
    await world.until_rung(number)
    return f"{call['id']}-1"


async def record(world: World, attempt_id: str) -> Recording:
    """Record something at the carrier, and tell the API of it."""
    archive = world.carrier._exchange.archive
    recording = archive.add(Recording(application_id="acceptance", conversation_uuid="CON-1", sound=attempt_id))
    recording.end(1.0)
    told = record_event(archive.url(recording), recording_uuid=recording.uuid)
    async with world.http.post(f"/webhooks/{make_token(SECRET, attempt_id)}/event", json=told) as response:
        assert 204 == response.status
    return recording
