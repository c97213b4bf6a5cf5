"""Fetching recordings: whole or not at all, the token to nobody else, and never into a private network."""

import errno
from hashlib import sha256

import pytest
from aiohttp.test_utils import unused_port

from dialer.errors import CarrierError
from dialer.providers.assets import Recording
from dialer.providers.kpn import Dialect, KpnVoice
from dialer.providers.kpn.recordings import CHUNK_BYTES, Recordings
from tests.fakes.kpn_gateway import Reply, World, replying
from tests.fakes.names import FixedNames
from tests.fakes.recording_host import JWT, SOUND, RecordingHost, Tape, broken_off, flowing, open_host, sounding

PATH = "/v1/files/f-1"


def client_of(world: World, *hosts: RecordingHost, largest_bytes: int = 10**6) -> KpnVoice:
    """A client that may ask these hosts."""
    origins = frozenset(host.origin for host in hosts)
    return world.voice_with(Dialect(recording_origins=origins, largest_recording_bytes=largest_bytes))


@pytest.mark.parametrize(("reply", "kind"), [(sounding(), "audio/mpeg"), (flowing(), "audio/wav")])
async def test_recording_is_read_whole(world: World, host: RecordingHost, reply: Reply, kind: str) -> None:
    """It is fetched with the token of the application, in chunks, and its size and checksum are told."""
    host.replies = [reply]
    tape = Tape()
    recording = await client_of(world, host).fetch_recording(host.origin + PATH, tape)

    assert Recording(size_bytes=len(SOUND), sha256=sha256(SOUND).hexdigest(), content_type=kind) == recording
    assert (SOUND, 1, [(PATH, f"Bearer {JWT}")]) == (tape.content, tape.begun, host.asked)
    assert CHUNK_BYTES >= max(map(len, tape.chunks))
    assert ("GET", "/nexmo/jwt") == (world.gateway.arrivals[0].method, world.gateway.arrivals[0].path)


@pytest.mark.parametrize("reply", [broken_off, replying(500), replying(503), replying(429), sounding(b"")])
async def test_broken_try_is_followed_by_another(world: World, host: RecordingHost, reply: Reply) -> None:
    """What breaks off, or may pass, is tried again from the beginning; the sink ends with the whole."""
    host.replies = [reply, reply, sounding()]
    tape = Tape()
    await client_of(world, host).fetch_recording(host.origin + PATH, tape)

    assert (SOUND, 3, [1.0, 4.0]) == (tape.content, len(host.asked), world.sleeps)


async def test_tries_have_an_end(world: World, host: RecordingHost) -> None:
    """After three tries it is for whoever asked to come again later."""
    host.replies = [broken_off]
    with pytest.raises(CarrierError, match="broke off") as caught:
        await client_of(world, host).fetch_recording(host.origin + PATH, Tape())

    assert (True, 3) == (caught.value.retryable, len(host.asked))


async def test_host_that_is_away_is_tried_again(world: World, host: RecordingHost) -> None:
    """Nobody listening may pass."""
    host.origin = f"http://127.0.0.1:{unused_port()}"
    with pytest.raises(CarrierError, match="does not answer") as caught:
        await client_of(world, host).fetch_recording(host.origin + PATH, Tape())

    assert (True, [1.0, 4.0]) == (caught.value.retryable, world.sleeps)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (replying(404, {"title": "Not Found"}), "after 30 days"),
        (replying(410), "after 30 days"),
        (replying(401), "another application"),
        (replying(403), "another application"),
        (replying(400, {"title": "No"}), "HTTP 400: No"),
        (replying(204), "HTTP 204"),
        (sounding(Content_Type="text/html"), "no recording but text/html"),
        (sounding(Content_Type="application/json"), "no recording"),
        (sounding(Content_Type="image/png"), "no recording"),
        (sounding(Content_Encoding="gzip"), "packed"),
    ],
)
async def test_what_does_not_pass_is_told_at_once(world: World, host: RecordingHost, reply: Reply, words: str) -> None:
    """What no repeating mends ends after one try, in words that say what to do, and nothing is written."""
    host.replies = [reply]
    tape = Tape()
    with pytest.raises(CarrierError, match=words) as caught:
        await client_of(world, host).fetch_recording(host.origin + PATH, tape)

    assert (False, 1, 0) == (caught.value.retryable, len(host.asked), tape.begun)


@pytest.mark.parametrize("reply", [sounding(), flowing()])
async def test_size_is_bounded(world: World, host: RecordingHost, reply: Reply) -> None:
    """Neither a length that is told nor one that is not gets more into the sink than is allowed."""
    host.replies = [reply]
    tape = Tape()
    with pytest.raises(CarrierError, match="larger than") as caught:
        await client_of(world, host, largest_bytes=100_000).fetch_recording(host.origin + PATH, tape)

    assert not caught.value.retryable
    assert 100_000 >= len(tape.content)


async def test_largest_that_is_allowed_is(world: World, host: RecordingHost) -> None:
    """A recording of just the bound is taken."""
    tape = Tape()
    await client_of(world, host, largest_bytes=len(SOUND)).fetch_recording(host.origin + PATH, tape)

    assert SOUND == tape.content


class FullDisk(Tape):
    """A sink that has no room."""

    async def write(self, chunk: bytes) -> None:
        """Fail as the system does."""
        raise OSError(errno.ENOSPC, f"no room for {len(chunk)} bytes")


async def test_full_disk_is_not_the_carriers_failure(world: World, host: RecordingHost) -> None:
    """What the sink raises passes through, and is not tried again."""
    with pytest.raises(OSError, match="no room"):
        await client_of(world, host).fetch_recording(host.origin + PATH, FullDisk())

    assert (1, []) == (len(host.asked), world.sleeps)


def leading_to(location: str) -> Reply:
    """Answer with a redirect."""
    return replying(302, headers={"Location": location})


async def test_redirect_within_the_host_keeps_the_token(world: World, host: RecordingHost) -> None:
    """The same host is asked again with the token."""
    host.replies = [leading_to("/elsewhere"), sounding()]
    await client_of(world, host).fetch_recording(host.origin + PATH, Tape())

    assert [(PATH, f"Bearer {JWT}"), ("/elsewhere", f"Bearer {JWT}")] == host.asked


async def test_redirect_to_another_host_loses_the_token(world: World, host: RecordingHost) -> None:
    """Another allowed host is asked without the token, and on the way back it is there again."""
    async with open_host() as other:
        host.replies = [leading_to(f"{other.origin}/there"), sounding()]
        other.replies = [leading_to(f"{host.origin}/back")]
        await client_of(world, host, other).fetch_recording(host.origin + PATH, Tape())

    assert [("/there", None)] == other.asked
    assert [(PATH, f"Bearer {JWT}"), ("/back", f"Bearer {JWT}")] == host.asked


@pytest.mark.parametrize("form", ["{0}/there", "//{1}/there", "http://api.nexmo.com@{1}/there", "\\\\{1}/there"])
async def test_redirect_to_a_foreign_host_is_not_followed(world: World, host: RecordingHost, form: str) -> None:
    """A host that is not allowed is not asked at all."""
    async with open_host() as other:
        host.replies = [leading_to(form.format(other.origin, other.origin.removeprefix("http://"))), replying(404)]
        with pytest.raises(CarrierError) as caught:
            await client_of(world, host).fetch_recording(host.origin + PATH, Tape())

    assert (False, []) == (caught.value.retryable, other.asked)


async def test_redirects_have_an_end(world: World, host: RecordingHost) -> None:
    """A host that leads in a circle is left."""
    host.replies = [leading_to(PATH)]
    with pytest.raises(CarrierError, match="from one place to another"):
        await client_of(world, host).fetch_recording(host.origin + PATH, Tape())

    assert 4 == len(host.asked)


async def test_other_address_is_not_even_granted_a_token(world: World, host: RecordingHost) -> None:
    """Without being allowed by name, a host that is not the carrier's gets no request, and no token is asked for."""
    with pytest.raises(CarrierError, match="is not asked"):
        await world.voice.fetch_recording(host.origin + PATH, Tape())

    assert ([], []) == (host.asked, world.gateway.arrivals)


async def test_refusal_shows_no_token(world: World, host: RecordingHost) -> None:
    """What a host repeats of our token is masked."""
    host.replies = [replying(404, {"detail": f"{JWT} T1 s3cret"})]
    with pytest.raises(CarrierError) as caught:
        await client_of(world, host).fetch_recording(host.origin + PATH, Tape())

    assert "*** *** ***" in str(caught.value)


@pytest.mark.parametrize("body", [{}, {"JWT_token": ""}, {"JWT_token": 7}, {"JWT_token": "a b"}, {"token": "s3cret-t"}])
async def test_answer_without_a_token_is_not_shown(world: World, body: dict[str, object]) -> None:
    """An answer that holds no usable token is an error, without its words: a token may stand in it."""
    world.gateway.replies = [replying(200, body)]
    with pytest.raises(CarrierError, match="holds no recording token") as caught:
        await world.voice.recording_token()

    assert "s3cret-t" not in str(caught.value)


@pytest.mark.parametrize("name", ["JWT_token", "jwt_token", "Jwt_Token"])
async def test_token_is_found_in_any_spelling(world: World, name: str) -> None:
    """KPN writes its fields in more than one way."""
    world.gateway.replies = [replying(200, {name: JWT})]

    assert JWT == await world.voice.recording_token()
    assert "app-1" == world.gateway.arrivals[0].headers["ApplicationId"]


async def test_carriers_name_in_a_private_network_is_not_connected_to(world: World, host: RecordingHost) -> None:
    """Even a name of the carrier does not lead us to our own machine."""
    recordings = Recordings(
        world.voice._channel, Dialect(), sleep=no_sleep, names=lambda: FixedNames("127.0.0.1", "169.254.169.254")
    )
    with pytest.raises(CarrierError, match="private network") as caught:
        await recordings.fetch("https://api.nexmo.com/v1/files/f-1", Tape())

    assert (False, []) == (caught.value.retryable, host.asked)


async def no_sleep(seconds: float) -> None:
    """A try that is not to be followed by another."""
    raise AssertionError(f"waited for {seconds} s")


async def test_fetching_keeps_to_the_pace_of_other_requests(world: World, host: RecordingHost) -> None:
    """A recording costs two of this process' share: its token and itself."""
    voice = client_of(world, host)
    voice.set_share(1e9)
    limiter = voice._channel.limiter
    taken: list[float] = []
    acquire = limiter.acquire

    async def counted(amount: float = 1) -> None:
        taken.append(amount)
        await acquire(amount)

    limiter.acquire = counted  # type: ignore[method-assign]  # to count what the library does not tell
    await voice.fetch_recording(host.origin + PATH, Tape())

    assert [1, 1] == taken
