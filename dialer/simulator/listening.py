"""Requests for input: the keys and words with which whoever picked up answers, and how the carrier reports them.

Each phone has its answers in order, one for each request. Keys count from the moment in which the request is reached;
a text that was allowed to be cut short (bargeIn) may then still be running. Two generations: the flat one of 2018 knows
keys only.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from dialer.simulator import events
from dialer.simulator.legs import Leg, Sense
from dialer.simulator.recordings import Recording

if TYPE_CHECKING:
    from dialer.simulator.exchange import Exchange

Action = Mapping[str, Any]
TRUE = frozenset({True, "true"})
CONFIDENCE = "0.92"
NO_SPEECH = {"error": "Speech was not enabled"}


class Running(NamedTuple):
    """A text or clip that a key may cut short, and our seconds that are left of it."""

    what: str = ""
    left_s: float = 0.0


class Listener:
    """Waits for the keys and words of one leg."""

    def __init__(self, leg: Leg, exchange: Exchange) -> None:
        self._leg = leg
        self._exchange = exchange
        self._config = exchange.config
        self._keys = deque(leg.turn.keys)
        self._words = deque(leg.turn.says)
        self.interrupting = False

    @property
    def impatient(self) -> bool:
        """Whether the next request is answered with keys before it was heard out."""
        return self._leg.turn.interrupts and bool(self._keys and self._keys[0])

    async def interrupt(self, what: str) -> None:
        """Cut short what has just begun, and all that follows up to the request."""
        await self._leg.pause(self.delay_s)
        self.interrupting = True
        self._exchange.note(self._leg, Sense.CUT, what)

    @property
    def delay_s(self) -> float:
        """Our seconds from a request to its answer."""
        after_s = self._leg.turn.keys_after_s
        return (self._config.key_press_s if after_s is None else after_s) * self._config.time_scale

    def press(self, key: str) -> bool:
        """Whether this key, which ends a recording, is the next to be pressed; it then is."""
        if not self._keys or self._keys[0] != key:
            return False
        self._exchange.note(self._leg, Sense.PRESSED, self._keys.popleft())
        return True

    async def ask(self, action: Action, running: Running) -> dict[str, Any]:
        """What a request for input brings; `running` is spoken to its end if nobody presses a key."""
        kinds = action.get("type", ["dtmf"])
        keys = self._keys.popleft() if "dtmf" in kinds and self._keys else ""
        if keys or "speech" not in kinds:
            results = await self._keyed(action, keys, running)
        else:
            results = await self._spoken(action, running)
        self.interrupting = False
        return events.replied(self._leg, results)

    async def _keyed(self, action: Action, keys: str, running: Running) -> dict[str, Any]:
        asked = action.get("dtmf", action)
        patience_s = asked.get("timeOut", 3) * self._config.time_scale
        delay_s = 0.0 if self.interrupting else self.delay_s
        counted, complete = _counted(keys, asked)
        if not keys or delay_s > running.left_s + patience_s:
            counted, complete = "", False
            await self._leg.pause(running.left_s + patience_s)
        else:
            self._press(keys, delay_s, running)
            await self._leg.pause(delay_s if complete else delay_s + patience_s)
        return _key_results(counted, timed_out=not complete, flat="type" not in action)

    def _press(self, keys: str, delay_s: float, running: Running) -> None:
        self._exchange.note(self._leg, Sense.PRESSED, keys)
        if delay_s < running.left_s:
            self._exchange.note(self._leg, Sense.CUT, running.what)

    async def _spoken(self, action: Action, running: Running) -> dict[str, Any]:
        asked, scale = action.get("speech", {}), self._config.time_scale
        text = self._words.popleft() if self._words else ""
        if text and self.delay_s < running.left_s + asked.get("startTimeout", 10) * scale:
            self._exchange.note(self._leg, Sense.SAID, text)
            lasts_s = len(text) / self._config.speech_characters_per_second
            longest_s = asked.get("maxDuration", 60)
            reason = "max_duration" if lasts_s > longest_s else "end_on_silence_timeout"
            ended_s = longest_s if lasts_s > longest_s else lasts_s + asked.get("endOnSilence", 2)
            speech = {"timeout_reason": reason, "results": [{"confidence": CONFIDENCE, "text": text}]}
            speech |= await self._kept(asked, self.delay_s + ended_s * scale)
        else:
            speech = {"timeout_reason": "start_timeout", "results": []}
            await self._leg.pause(running.left_s + asked.get("startTimeout", 10) * scale)
        timed_out = "dtmf" in action["type"]
        return {"speech": speech, "dtmf": {"digits": "" if timed_out else None, "timed_out": timed_out}}

    async def _kept(self, asked: Action, lasts_s: float) -> dict[str, str]:
        """Let somebody speak so many of our seconds; the address of the recording, where one is asked for."""
        leg, archive = self._leg, self._exchange.archive
        if asked.get("saveAudio") not in TRUE:
            await leg.pause(lasts_s)
            return {}
        recording = archive.add(Recording.of(leg))
        await leg.pause(lasts_s)
        recording.end(self._config.time_scale)
        return {"recording_url": archive.url(recording)}


def _counted(keys: str, asked: Action) -> tuple[str, bool]:
    """The keys that count, and whether they are complete without waiting for more."""
    most = asked.get("maxDigits", 4)
    before, hash_, _ = keys.partition("#") if asked.get("submitOnHash") in TRUE else (keys, "", "")
    return before[:most], bool(hash_) or len(before) >= most


def _key_results(keys: str, *, timed_out: bool, flat: bool) -> dict[str, Any]:
    if flat:
        return {"dtmf": keys, "timed_out": timed_out}
    return {"speech": NO_SPEECH, "dtmf": {"digits": keys, "timed_out": timed_out}}
