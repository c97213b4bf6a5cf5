"""Keeps a handful of programs running together, and ends them in order.

Members are started stage by stage; a member that ends by itself is started again after a pause that doubles as long as
it keeps failing, and every such thing is said in a sentence. Leaving stops the stages in reverse: the workers first,
while the API can still hear the carrier, and Redis last.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Protocol, Self

from dialer.errors import DialerError
from dialer.processes import child

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
_SOUND_S = 60.0  # who ran this long was well: the next pause is the first one again
_READY_S = 60.0  # importing takes seconds on a busy small machine
_POLL_S = 0.1


class Member(Protocol):
    """Something that runs, ends and can be started again, such as a `Program` or the private Redis server."""

    @property
    def name(self) -> str:
        """What it is called in messages."""

    async def start(self) -> None:
        """Run it until it is of use. Raises DialerError."""

    async def wait_for_exit(self) -> int:
        """Wait until it ends; its exit status."""

    async def stop(self) -> None:
        """End it in an orderly way within a bounded time; harmless when it does not run."""

    def kill(self) -> None:
        """End it at once."""


class Program:
    """A child process of ours, for example a worker.

    Attributes:
        name: what it is called in messages.
    """

    def __init__(
        self,
        name: str,
        command: list[str],
        *,
        surroundings: child.Surroundings,
        grace_s: float,
        ready: Callable[[], Awaitable[bool]] | None = None,
    ) -> None:
        self.name = name
        self._command = command
        self._surroundings = surroundings
        self._grace_s = grace_s
        self._ready = ready
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start the process and wait until `ready` says so."""
        self._process = await child.spawn(self._command, self._surroundings)
        if self._ready is not None:
            await self._until_ready(self._process, self._ready)

    async def wait_for_exit(self) -> int:
        """Wait until the process ends; negative numbers are signals."""
        if self._process is None:
            raise DialerError(f"{self.name} was never started.")
        return await self._process.wait()

    async def stop(self) -> None:
        """Let it finish what is under way, then end it by force."""
        if self._process is not None and self._process.returncode is None:
            await child.end(self._process, grace_s=self._grace_s)

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            child.kill(self._process)

    async def _until_ready(self, process: asyncio.subprocess.Process, ready: Callable[[], Awaitable[bool]]) -> None:
        give_up_at = asyncio.get_running_loop().time() + _READY_S
        while not await ready():
            if process.returncode is not None:
                log = self._surroundings.log
                why = f" Why stands at the end of {log}." if log else ""
                raise DialerError(f"{self.name} ended with status {process.returncode} before it was ready.{why}")
            if asyncio.get_running_loop().time() > give_up_at:
                await self.stop()
                raise DialerError(f"{self.name} was not ready within {_READY_S:.0f} seconds.")
            await asyncio.sleep(_POLL_S)


class Supervisor:
    """Runs members from `keep` until leaving."""

    def __init__(self, say: Callable[[str], None], *, first_pause_s: float = _FIRST_PAUSE_S) -> None:
        self._say = say
        self._first_pause_s = first_pause_s
        self._stages: list[tuple[Member, ...]] = []
        self._watchers: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """Nothing runs yet."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop everything, the stage kept last first."""
        for watcher in self._watchers:
            watcher.cancel()
        await asyncio.gather(*self._watchers, return_exceptions=True)
        for stage in reversed(self._stages):
            await asyncio.gather(*(member.stop() for member in stage))

    async def keep(self, *members: Member) -> None:
        """Start these as one stage and keep them running. Raises DialerError when one does not start at all."""
        self._stages.append(members)
        await asyncio.gather(*(member.start() for member in members))
        self._watchers += [asyncio.create_task(self._watch(member)) for member in members]

    def kill(self) -> None:
        """End everything at once, because somebody asked twice."""
        for member in (m for stage in reversed(self._stages) for m in stage):
            member.kill()

    async def _watch(self, member: Member) -> None:
        clock = asyncio.get_running_loop().time
        pause_s = self._first_pause_s
        while True:
            started_at = clock()
            reason = await _end_of(member)
            if clock() - started_at > _SOUND_S:
                pause_s = self._first_pause_s
            self._say(f"{reason} It is started again in {pause_s:g} s.")
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
            await self._start_again(member)

    async def _start_again(self, member: Member) -> None:
        # A failure to start is told here; the member has ended by then, which `_watch` sees at once.
        try:
            await member.start()
        except (DialerError, OSError) as error:  # OSError: no process, file or disk space left, for now
            self._say(str(error))
        else:
            self._say(f"{member.name} runs again.")


async def _end_of(member: Member) -> str:
    status = await member.wait_for_exit()
    how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
    return f"{member.name} {how}."
