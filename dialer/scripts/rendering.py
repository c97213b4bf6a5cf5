"""From a script's steps to the carrier's actions, up to the next question.

A question becomes talks with barge-in and an `input` whose event comes back to an address that holds the position.
Values are text wherever they stand: they can make a talk longer, so that it becomes several, but nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from dialer import ncco
from dialer.ncco import AnyAction
from dialer.scripts.marks import CONFIRMED, OPTED_OUT, Mark
from dialer.scripts.positions import START, Position, steps_from
from dialer.scripts.script import CallScript
from dialer.scripts.steps import Ask, Confirm, Connect, Join, OptOut, Play, Record, Say, Step, Stop

Passes = Callable[[Connect], bool]


def _nobody(_: Connect) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Urls:
    """Where the carrier reports on one attempt: addresses under `{public_url}/webhooks/{token}`.

    Attributes:
        script: tells whose positions those in the addresses are; empty for the script that a call begins with.
    """

    webhooks: str
    script: str = ""

    @property
    def event(self) -> str:
        """How this call goes, and its recordings."""
        return f"{self.webhooks}/event"

    @property
    def leg(self) -> str:
        """How a call goes that `connect` added: its `busy` is not this attempt's."""
        return f"{self.webhooks}/leg"

    def reply(self, position: Position) -> str:
        """Which keys were pressed at a question."""
        return f"{self.webhooks}/reply/{self.script}:{position}" if self.script else f"{self.webhooks}/reply/{position}"


@dataclass(frozen=True, slots=True)
class Rendered:
    """What the carrier is to do now, and what is to be stored before it is told. No actions: the call ends."""

    actions: tuple[AnyAction, ...]
    marks: frozenset[Mark]


def render(
    script: CallScript, variables: Mapping[str, str], urls: Urls, *, at: Position = START, passed_over: Passes = _nobody
) -> Rendered:
    """The actions from a position up to the next question or the end; the same for the same arguments.

    A `connect` that is `passed_over` goes on as if nobody had answered it.

    Raises:
        InvalidInput: when a value is missing (field `variables`) or the script has no such position.
    """
    rendering = _Rendering(script, variables, urls, passed_over)
    steps = list(_until_question(steps_from(script, at)))
    actions = (action for position, step in steps for action in rendering.actions(position, step))
    return Rendered(tuple(actions), frozenset(_marks(step for _, step in steps)))


def _until_question(steps: Iterable[tuple[Position, Step]]) -> Iterator[tuple[Position, Step]]:
    for position, step in steps:
        yield position, step
        if isinstance(step, Ask | Stop):
            return


def _marks(steps: Iterable[Step]) -> Iterator[Mark]:
    for step in steps:
        if isinstance(step, Confirm):
            yield CONFIRMED
        elif isinstance(step, OptOut):
            yield OPTED_OUT


@dataclass(frozen=True, slots=True)
class _Rendering:
    script: CallScript
    variables: Mapping[str, str]
    urls: Urls
    passed_over: Passes

    def actions(self, position: Position, step: Step) -> Iterator[AnyAction]:
        match step:
            case Say() | Play():
                yield from self._prompt(step, barge_in=False)
            case Ask():
                yield from self._ask(position, step)
            case Record():
                yield self._record(step)
            case Join():
                yield self._join(step)
            case Connect() if not self.passed_over(step):
                yield self._connect(step)
            case Connect() | Confirm() | OptOut() | Stop():
                pass

    def _prompt(self, step: Say | Play, *, barge_in: bool) -> Iterator[AnyAction]:
        # What is a default is not written, as it is not in the carrier's own examples.
        flags = {"barge_in": True} if barge_in else {}
        if isinstance(step, Play):
            told = {"loop": step.loop, "level": step.level} if (step.loop, step.level) != (1, 0) else {}
            yield ncco.Stream.model_validate({"stream_url": (step.url,)} | told | flags)
            return
        language, style, premium = self.script.voice_of(step)
        voice = {"language": language, "style": style} | ({"premium": True} if premium else {})
        for part in step.text.in_parts(self.variables):
            yield ncco.Talk.model_validate({"text": part} | voice | flags)

    def _ask(self, position: Position, ask: Ask) -> Iterator[AnyAction]:
        for step in ask.prompt:
            yield from self._prompt(step, barge_in=ask.barge_in)
        keys = ncco.Dtmf(time_out=ask.timeout_s, max_digits=ask.max_digits, submit_on_hash=ask.max_digits > 1)
        yield ncco.Input(type=("dtmf",), dtmf=keys, event_url=(self.urls.reply(position),))

    def _record(self, step: Record) -> AnyAction:
        return ncco.Record(
            format=step.format,
            split="conversation" if step.split else None,
            end_on_silence=step.end_on_silence_s,
            end_on_key=step.end_on_key,
            time_out=step.timeout_s,
            beep_start=step.beep,
            event_url=(self.urls.event,),
        )

    def _join(self, step: Join) -> AnyAction:
        starts = step.moderator is not False if step.start_on_enter is None else step.start_on_enter
        ends = step.moderator is True if step.end_on_exit is None else step.end_on_exit
        return ncco.Conversation(
            name=step.conference,
            music_on_hold_url=None if step.music_on_hold_url is None else (step.music_on_hold_url,),
            start_on_enter=starts,
            end_on_exit=ends,
            record=step.record,
            event_url=(self.urls.event,),
            **({"mute": True} if step.mute else {}),
        )

    def _connect(self, step: Connect) -> AnyAction:
        return ncco.Connect(
            endpoint=(step.endpoint,),
            from_=step.caller_id,
            timeout=step.timeout_s,
            limit=step.limit_s,
            machine_detection=step.machine_detection,
            ringback_tone=step.ringback_url,
            event_url=(self.urls.leg,),
        )
