"""Whether the data in Redis is older than what was seen of it: a backup put back, or a replica that lacked the end.

Whoever was dialed since is waiting in such data, and his phone would ring a second time. So the data has a life: a
random id, and how many attempts have begun in it, counted in the step that begins one (`begin_attempt.lua`). Every
process remembers the highest count that it was told, in memory and on its disk (`seen.py`), and hands it in with each
attempt: where Redis has counted less, none begins. Whoever finds that out writes it into Redis for all others, and
nobody dials until a person has said that the past was dealt with (`dialer restored`): that begins a new life, and data
of the one before is old from then on, whatever its count.

Who has begun nothing since the backup knows of nothing that is missing. So on a server that was not there before (a
restart, a restore, a failover: its run is written down with the life) nothing begins until all that run have looked.

Data without a life (an emptied Redis, or a release from before there were lives) is given one: nothing is known of it.
What replicas did not confirm is no evidence, and where they must confirm nobody is told it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from secrets import token_hex
from typing import Any, NamedTuple, TypeVar

import structlog

from dialer import keys, metrics
from dialer.audit import Entry
from dialer.clock import Clock, now_ms
from dialer.redis.batch import Batch
from dialer.redis.seen import Seen
from dialer.threads import begin

log = structlog.get_logger()

_T = TypeVar("_T")

_KEEP_S = 1.0  # so much the disk may lack: what begins and is lost within a second is one write a second
_DISK_S = 2.0  # a disk that takes longer stands still
LOOK_S = 2.0
"""So often each process looks: three small steps."""
UNTIL_ALL_LOOKED_MS = 6_000
"""So long after the first look at another server: until then every process has looked, one too whose connection to the
server before hung first (`connection.py`)."""
OVER = 1 << 53
"""What is kept of a life that another one has followed: no count comes to it."""
_MOST_BEFORE = 8  # whoever slept through more lives takes the newest for one that it has never met
ADVICE = (
    "Nothing is dialed: whoever was called since would be called again. Settle them, then run `dialer restored` "
    "(deploy/README.md, Backup and restore)."
)


class Told(NamedTuple):
    """What Redis says of its data.

    Attributes:
        begun: how many attempts have begun in this life.
        known: how many somebody knows to have begun, where that is more; else 0.
        at_ms: when the last one began that Redis knows of; 0 for none.
        before: ids of the lives that were before, the newest first.
        waits_ms: how long nothing begins yet, until all have looked at the data of another server.
    """

    life: str
    begun: int
    known: int
    before: tuple[str, ...]
    at_ms: int
    waits_ms: int = 0

    @classmethod
    def read(  # noqa: PLR0913, PLR0917 - as the script tells it
        cls,
        life: str,
        begun: str | None,
        known: str | None,
        before: str | None,
        at: str | None = None,
        waits_ms: int = 0,
    ) -> Told:
        """From the fields of `life`, and how long is waited."""
        return cls(life, int(begun or 0), int(known or 0), tuple((before or "").split()), int(at or 0), waits_ms)

    @property
    def lacks(self) -> str:
        """How much is missing, in words."""
        missing = self.known - self.begun
        return "what came after another restore" if self.known >= OVER else f"{missing} attempts or more"


class Life:
    """What this process knows of the data's past. Until its first look, nothing."""

    def __init__(self, batch: Batch, clock: Clock, seen: Seen | None = None) -> None:
        """`seen` is what the disk knows; None where nothing is to be kept."""
        self._batch = batch
        self._clock = clock
        self._disk = seen
        self._begun: dict[str, int] = {}
        self._kept: dict[str, int] = {}
        self._is_kept = True
        self._at_disk: asyncio.Future[Any] | None = None
        self._doubted = asyncio.Event()
        self._is_doubted = True
        self.id = ""
        self.told: Told | None = None

    @property
    def begun(self) -> int:
        """The highest count of attempts that this process was told of this life."""
        return self._begun.get(self.id, 0)

    @property
    def is_old(self) -> bool:
        """Whether the data was found to be older than what was seen."""
        return self.told is not None and self.told.known > 0

    @property
    def holds(self) -> bool:
        """Whether nothing may be dialed now: the data is old, another than at the last look, or not seen by all."""
        waits = self.told is not None and self.told.waits_ms > 0
        return self.is_old or self._is_doubted or waits

    def saw(self, life: str, begun: int) -> None:
        """Take note of what Redis counted of a life."""
        self._begun[life] = max(self._begun.get(life, 0), begun)

    def doubt(self) -> None:
        """The data is not what this process took it for: have it looked at now."""
        self._is_doubted = True
        self._doubted.set()

    async def rest(self, seconds: float) -> None:
        """Wait so long, until all have looked, or until there is a doubt; the disk learns what this process does."""
        if self.told is not None and self.told.waits_ms:
            seconds = min(seconds, self.told.waits_ms / 1000)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self._doubted.is_set():
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._doubted.wait(), _KEEP_S)
                    await asyncio.shield(self.keep())
        self._doubted.clear()

    async def look(self) -> None:
        """Hold what Redis has against what was seen, tell it what it lacks, and keep what is new. Repeatable.

        Raises StoreUnavailable.
        """
        told = await self._ask(self.id)
        if told.life != self.id:
            await self._recall(told.life)
            told = await self._ask(told.life)
        if self.told is None or told.known != self.told.known:
            _tell(told)
        self.id, self.told, self._is_doubted = told.life, told, False
        self.saw(told.life, told.begun)
        self._begun |= dict.fromkeys(told.before, OVER)
        metrics.DATA_OLD.set(self.is_old)
        await self.keep()

    async def hold(self) -> None:
        """Have nobody dial until `renew`, whether or not the data is known to be old. Raises StoreUnavailable."""
        await self.look()
        if not self.is_old:
            self._begun[self.id] = self.begun + 1
            await self.look()

    async def renew(self, entry: Entry, now_ms: int) -> bool:
        """Begin a new life: what the data lacks was dealt with, by whom the entry tells. False where another has begun.

        Raises StoreUnavailable.
        """
        args: list[str | int] = [now_ms, entry.text(), self.id, token_hex(8), _MOST_BEFORE]
        is_begun = bool(await self._batch.run("begin_life", [keys.LIFE, *keys.AUDITED], args))
        await self.look()
        return is_begun

    async def keep(self) -> None:
        """Have the disk know what this process does."""
        news = {life: begun for life, begun in self._begun.items() if self._kept.get(life) != begun}
        try:
            for life, begun in news.items():
                if self._disk:
                    await self._on_disk(partial(self._disk.keep, life, begun), within_s=_DISK_S)
                self._kept[life] = begun
        except OSError as error:
            if self._is_kept:
                advice = "started again, this process would not know older data from newer: see DIALER_DATA_DIR"
                log.warning("data.past_not_kept", reason=error.strerror or "it does not answer", advice=advice)
            self._is_kept = False
        else:
            self._is_kept = True

    async def _ask(self, life: str) -> Told:
        seen, now = self._begun.get(life, 0), now_ms(self._clock)
        args: list[str | int] = [life, seen, token_hex(8), now, UNTIL_ALL_LOOKED_MS]
        return Told.read(*await self._batch.run("look_at_life", [keys.LIFE], args))

    async def _recall(self, life: str) -> None:
        """What the disk knows of a life that this process meets for the first time."""
        if self._disk:
            reading = partial(self._disk.read, life)
            with suppress(OSError):
                try:
                    begun = await self._on_disk(reading, within_s=_DISK_S)
                except TimeoutError:
                    # However long: who does not know yet whether the data is old dials nothing.
                    advice = "this process dials nothing until it knows what was done before: see DIALER_DATA_DIR"
                    log.warning("data.past_waited_for", reason="the disk does not answer", advice=advice)
                    begun = await self._on_disk(reading, within_s=None)
                self.saw(life, begun)

    async def _on_disk(self, work: Callable[[], _T], *, within_s: float | None) -> _T:
        """What the disk says. Raises OSError; TimeoutError where it stands still, as a network's may for hours."""
        async with asyncio.timeout(within_s):
            # What stands still there cannot be ended: the next waits for it, or there would be more and more.
            while self._at_disk and not self._at_disk.done():
                await asyncio.wait([self._at_disk])
            done = asyncio.wrap_future(begin(work))
            self._at_disk = done
            return await asyncio.shield(done)


def _tell(told: Told) -> None:
    if told.known:
        log.error("data.old", lacks=told.lacks, advice=ADVICE)
    else:
        log.info("data.life", life=told.life, attempts=told.begun)
