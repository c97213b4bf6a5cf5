"""`dialer up` as a person meets it: it prints what to type next, mends itself, and leaves nothing running."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from dialer.client import AsyncDialer

_COMMAND = ["up", "--simulate", "--port", "0", "--stand-in", "time_scale=0.02"]


@dataclass(frozen=True)
class Up:
    """A running `dialer up` and what it has said."""

    process: asyncio.subprocess.Process
    data_dir: Path
    said: list[str]

    async def says(self, pattern: str) -> re.Match[str]:
        """Read on until a line matches."""
        assert self.process.stdout is not None
        async for raw in self.process.stdout:
            self.said.append(raw.decode())
            if found := re.search(pattern, self.said[-1]):
                return found
        raise AssertionError(f"it never said {pattern}:\n{''.join(self.said)}")

    async def ends(self, number: signal.Signals) -> int:
        """Send a signal and wait until nothing of it can write any more; its exit status."""
        assert self.process.stdout is not None
        self.process.send_signal(number)
        async for raw in self.process.stdout:
            self.said.append(raw.decode())
        return await self.process.wait()

    def children(self) -> dict[str, int]:
        """Its child processes: last words of the command line, and process id."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return {
            Path(f"/proc/{pid}/cmdline").read_text().strip("\0").split("\0")[-1]: int(pid) for pid in listed.split()
        }


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Nothing set but the data folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DIALER_")}
    return kept | {"DIALER_DATA_DIR": str(tmp_path)}


async def _start(environment: dict[str, str], *options: str) -> Up:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "dialer", *_COMMAND, *options),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        limit=1_000_000,
    )
    return Up(process, Path(environment["DIALER_DATA_DIR"]), [])


@pytest.fixture
async def up(environment: dict[str, str]) -> AsyncIterator[Up]:
    """A `dialer up --simulate` that has printed everything."""
    started = await _start(environment)
    try:
        await started.says("dialer campaign run")
        yield started
    finally:
        if started.process.returncode is None:
            await started.ends(signal.SIGKILL)


def _client(up: Up) -> AsyncDialer:
    said = "".join(up.said)
    url, key = (re.search(rf"^  {name} +(\S+)", said, re.MULTILINE) for name in ("API", "API key"))
    assert url is not None
    assert key is not None
    return AsyncDialer(url[1], key[1])


def _is_running(pid: int) -> bool:
    # Of one that has ended but was not buried yet, no command line is left.
    command = Path(f"/proc/{pid}/cmdline")
    return command.exists() and bool(command.read_bytes())


async def _gone(pids: Iterable[int]) -> None:
    async with asyncio.timeout(10):
        while any(_is_running(pid) for pid in pids):  # noqa: ASYNC110 - they are not our children
            await asyncio.sleep(0.01)


async def test_killed_worker_is_started_again(up: Up) -> None:
    """A worker that is killed is replaced, and both are said."""
    killed = up.children()["worker"]
    os.kill(killed, signal.SIGKILL)
    await up.says("worker 1 was killed by signal 9")
    await up.says("worker 1 runs again")
    assert killed != up.children()["worker"]


@pytest.mark.parametrize(("expected", "number"), [(0, signal.SIGTERM), (0, signal.SIGINT), (-9, signal.SIGKILL)])
async def test_nothing_is_left_running(expected: int, number: signal.Signals, up: Up) -> None:
    """Whichever way `dialer up` ends, all its programs end with it."""
    pids = list(up.children().values())
    assert (4, expected) == (len(pids), await up.ends(number))
    await _gone(pids)


async def test_killed_redis_is_started_again_with_its_data(up: Up) -> None:
    """After `kill -9` of the private Redis the campaigns are there again, behind the same address."""
    script = {"text": "Hello", "language": "en-GB"}
    async with _client(up) as client:
        created = await client.campaigns.create({"name": "kept", "kind": "notification", "script": script})
        redis = next(pid for words, pid in up.children().items() if "redis" in words)
        os.kill(redis, signal.SIGKILL)
        await up.says("redis runs again")
        async with asyncio.timeout(20):
            while not await client.is_ready():  # noqa: ASYNC110 - another process gets ready
                await asyncio.sleep(0.05)
        assert "kept" == (await client.campaigns.get(created.id)).name


async def test_second_up_says_so_and_stops(up: Up, environment: dict[str, str]) -> None:
    """A second `dialer up` in one data folder names the first and ends."""
    second = await _start(environment)
    await second.says(rf"runs in {re.escape(str(up.data_dir))} already \(process {up.process.pid}\)")
    assert 1 == await second.process.wait()


async def test_list_is_dialed_from_the_command_line(up: Up, environment: dict[str, str], tmp_path: Path) -> None:
    """`dialer campaign run` finds the dialer of its data folder, dials a list and saves what became of everyone."""
    (tmp_path / "people.csv").write_text("number,name\n0612345678,Jan\n0612345679,Piet\n")
    arguments = ["campaign", "run", "people.csv", "--text", "Hallo {{ name }}", "--language", "nl-NL"]
    run = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "dialer", *arguments), env=environment, cwd=tmp_path, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await run.communicate()
    saved = (tmp_path / "people.results.csv").read_text()
    assert (0, 2, True) == (run.returncode, saved.count('"done"'), b"is completed: 2 calls" in said)
    assert up.process.returncode is None
