"""The manual's `curl` lines, run as they stand there by bash and curl: another system's view of the API."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from dialer.dialing import Dialing, Pace
from dialer.dispositions import Fact
from dialer.providers.assets import Recording
from dialer.recordings.claims import RecordingClaims
from dialer.runtime import Runtime
from tests.fakes.engine import event
from tests.fakes.manual import manual
from tests.fakes.recordings import SOUND, told
from tests.integration.api.conftest import KEY

PEOPLE = "number,id,name\n+31201234501,a1,Ann\n+31201234502,b2,Bob\n"
LISTENED_S = 2

pytestmark = pytest.mark.skipif(
    any(shutil.which(program) is None for program in ("bash", "curl")) and "CI" not in os.environ,
    reason="bash or curl is not on PATH",
)


class Ran(NamedTuple):
    """What became of a line: the HTTP status, and what was written to standard output."""

    status: int
    text: str

    @property
    def told(self) -> Any:
        """The answer, read."""
        return json.loads(self.text)


def commands() -> Iterator[str]:
    """Each command that calls curl, in its order, as it stands there: in a block of sh, or within a sentence."""
    for block in re.findall(r"```sh\n(.*?)```", manual(), re.DOTALL):
        lines: list[str] = []
        for line in block.splitlines():
            lines.append(line)
            if is_whole("\n".join(lines)):
                yield "\n".join(lines)
                lines = []
        assert not lines
    yield from re.findall(r"`(curl [^`]*)`", manual())


def is_whole(text: str) -> bool:
    """Whether a command ends here: no quote is open, and its line does not go on."""
    try:
        shlex.split(text, comments=True)
    except ValueError:
        return False
    return not text.endswith("\\")


@dataclass
class Shell:
    """Where the commands run, and what they are given.

    Attributes:
        variables: what stands in the lines as $NAME.
    """

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    async def run(self, command: str) -> Ran:
        """Run one; a stream without end is listened to for some seconds."""
        (self.folder / ".curlrc").write_text('write-out = "%{stderr}%{http_code}"\n', "utf-8")
        environment = os.environ | {"CURL_HOME": str(self.folder)} | self.variables
        listens = ("timeout", str(LISTENED_S)) if "/v1/events" in command else ()
        running = await asyncio.create_subprocess_exec(
            *listens,
            *("bash", "-euc", command),
            cwd=self.folder,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(20):
            out, err = await running.communicate()
        assert listens or running.returncode == 0, (command, err.decode())
        return Ran(int(err or 0), out.decode())


def saved_in(folder: Path) -> bytes:
    """The one file with sound that was saved there, under the name that the answer gave it."""
    (file,) = folder.glob("*.wav")
    return file.read_bytes()


def take(left: list[str], *words: str) -> str:
    """The one command that has these words; it is done with."""
    (found,) = [command for command in left if all(word in command for word in words)]
    left.remove(found)
    return found


async def work(runtime: Runtime, campaign_id: str) -> str:
    """What a worker does meanwhile: one call is answered and recorded, the other rejected; the recording's id."""
    dialing = Dialing(runtime.batch, runtime.clock, Pace(300, 100), life=runtime.life)
    dials = {dial.attempt.call.seq: dial for dial in await dialing.read((await dialing.claim(10)).claims)}
    for dial in dials.values():
        await dialing.begin(dial, "n", lease_ms=60_000)
    answered = str(dials[1].attempt)
    assert answered.startswith(campaign_id)
    await runtime.store.apply_event(answered, event("completed", Fact.ANSWERED, Fact.HUMAN, Fact.COMPLETED))
    await runtime.store.apply_event(str(dials[2].attempt), event("rejected", Fact.REJECTED))
    await runtime.store.note_recording(answered, told())
    claims = RecordingClaims(runtime.batch, runtime.clock)
    claim = await claims.claim(told().id)
    assert claim
    async with runtime.recordings.upload(claim.object_name) as upload:
        await upload.begin()
        await upload.write(SOUND)
        await upload.complete(len(SOUND))
    sound = Recording(size_bytes=len(SOUND), sha256=sha256(SOUND).hexdigest(), content_type="audio/wav")
    assert await claims.store(claim, sound)
    return told().id


async def test_every_line_does_what_it_says(url: str, runtime: Runtime, tmp_path: Path) -> None:
    """From an empty dialer to a recording on the own disk, and no line of the manual is left out."""
    (tmp_path / "people.csv").write_text(PEOPLE, "utf-8")
    shell, left = Shell(tmp_path, {"URL": url, "KEY": KEY}), [*commands()]

    creating = take(left, '/v1/campaigns"', "Idempotency-Key: outage-17")
    created = await shell.run(creating)
    again = await shell.run(creating)
    assert (201, "draft", created) == (created.status, created.told["state"], again)
    assert {"busy", "no_answer"} == created.told["redial"].keys()
    shell.variables["ID"] = created.told["id"]

    added = await shell.run(take(left, "$ID/calls", "people.csv"))
    assert (200, 2, 0) == (added.status, added.told["accepted"], added.told["rejected"])

    started = await shell.run(take(left, "$ID/start"))
    assert (200, "running") == (started.status, started.told["state"])

    shell.variables["RECORDING"] = await work(runtime, created.told["id"])
    seen = await shell.run(take(left, '"$URL/v1/campaigns/$ID" '))
    assert (200, 2, 1) == (seen.status, seen.told["total"], seen.told["dispositions"]["answered"])

    results = await shell.run(take(left, '$ID/results" '))
    assert (200, 3) == (results.status, len(results.text.splitlines()))
    assert "+31201234501" in results.text

    missed = await shell.run(take(left, "results?reached=false"))
    assert (200, 2) == (missed.status, len(missed.text.splitlines()))
    assert "+31201234502" in missed.text

    alarm = await shell.run(take(left, '/v1/calls"', "alarm-4711"))
    assert (201, "+31201234567", "waiting") == (alarm.status, alarm.told["number"], alarm.told["state"])

    recordings = await shell.run(take(left, "/v1/recordings?campaign_id=$ID"))
    assert (200, [shell.variables["RECORDING"]]) == (
        recordings.status,
        [one["id"] for one in recordings.told["recordings"]],
    )

    fetched = await shell.run(take(left, "curl -sOJ", "$RECORDING/audio"))
    assert (200, SOUND) == (fetched.status, saved_in(tmp_path))

    windows = await shell.run(take(left, "-X PUT", "$ID/windows"))
    assert (200, "NL", ["2026-12-31"]) == (
        windows.status,
        windows.told["windows"]["holidays"],
        windows.told["windows"]["closed"],
    )

    heard = await shell.run(take(left, "/v1/events?campaign_id=$ID"))
    assert "event: campaign\ndata: " in heard.text
    assert "event: budget\ndata: " in heard.text

    assert [] == left


def test_a_command_is_taken_as_a_whole() -> None:
    """Over lines that go on and quotes that stay open; a remark behind it does not cut it off."""
    found = [*commands()]

    assert len(found) > 10
    assert all(command.startswith("curl ") and is_whole(command) for command in found)
