"""The records of a dialer, frozen: campaign, call, attempt, and how they are named.

Ids nest, so that one tells where everything of it lies: campaign `c5hk2m9x4tdq`, its 1,042nd call
`c5hk2m9x4tdq-1042`, that call's second attempt `c5hk2m9x4tdq-1042-2`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal, NamedTuple

from dialer.callbacks.events import Callbacks
from dialer.clock import moment
from dialer.decisions import Decision
from dialer.dispositions import Disposition, Fact
from dialer.states import CallState, CampaignState
from dialer.windows import Windows

ERASED = "erased"
"""The number of a call whose person was erased: an address of nobody."""
MAIN = "main"
"""The trunk that there always is."""
MOST_CONNECTS = 5
"""How many further calls one call may make (`connect`): each takes a token of the budget before it is needed."""
MOST_AFTER_MS = 2_592_000_000  # no redial waits longer than 30 days: beyond them a campaign is another campaign


Then = Literal["finish", "suppress", "escalate"]
"""What follows once no redial is left."""


class Priority(StrEnum):
    """Who gets the next token: urgent before normal before background."""

    URGENT = "urgent"
    NORMAL = "normal"
    BACKGROUND = "background"


class UnknownPolicy(StrEnum):
    """What becomes of a call whose phone may or may not have rung, once nothing more can be learned."""

    HOLD = "hold"  # `undetermined`: a person must look
    REDIAL = "redial"  # rather twice than never


@dataclass(frozen=True, slots=True)
class Redial:
    """How often, and how many ms later, a call is dialed again after one disposition.

    Attributes:
        growth_pct: each further redial waits so many hundredths of the wait before.
        then: once no redial is left, also `suppress` the number, for every campaign; or, once the call is given up,
            `escalate`: begin the campaign's escalation for it.
        next_number: the next try is at the person's next number; without redials left at once, at one not used up.
        other_hour: it waits on until the hour of the day lies three hours or more from those of all tries before.
    """

    times: int
    after_ms: int
    growth_pct: int = 100
    most_after_ms: int = MOST_AFTER_MS
    then: Then = "finish"
    next_number: bool = False
    other_hour: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How calls are placed, beyond whom they go to.

    Attributes:
        caller_ids: E.164, used in turn; none: the dialer's own (`settings.from_number`).
        random_caller_id: the carrier chooses among the application's numbers instead.
        machine_detection: `continue`, `hangup` or None for none.
        advanced_mode: `default`, `detect` or `detect_beep` asks for the carrier's paid detection instead.
        beep_timeout_s: the longest wait for a voicemail's beep, with an advanced mode.
        ringing_timer_s, length_timer_s: None: as set for all.
        connects: how many further calls one call may make; each takes a token of the budget.
    """

    caller_ids: tuple[str, ...] = ()
    random_caller_id: bool = False
    machine_detection: str | None = None
    advanced_mode: str | None = None
    beep_timeout_s: int | None = None
    ringing_timer_s: int | None = None
    length_timer_s: int | None = None
    connects: int = 0

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Terms:
        """From what `to_dict` wrote."""
        return cls(**{**told, "caller_ids": tuple(told.get("caller_ids", ()))})

    def to_dict(self) -> dict[str, Any]:
        """As JSON, without what has its default."""
        return {f.name: value for f in fields(self) if (value := getattr(self, f.name)) != f.default}

    def caller_id(self, attempt: AttemptRef, default: str) -> str:
        """The number that an attempt calls from: the same for the same attempt, whoever asks and how often."""
        turn = attempt.call.seq + attempt.number
        return self.caller_ids[turn % len(self.caller_ids)] if self.caller_ids else default


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How much a campaign may take beside others.

    Attributes:
        weight: inside a class, tokens of the budget go to campaigns in proportion to it.
        slots: how many of its calls are up at the same time at the most; None: any number.
        calls_per_second: how many tokens it takes at the most; None: whatever its turn brings.
    """

    weight: int = 1
    slots: int | None = None
    calls_per_second: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """How often one number may be dialed; what any campaign dials counts.

    Attributes:
        day: tries within any 24 hours; None: any number.
        week: the same within any seven times 24 hours.
        spacing_ms: the least time between two tries.
    """

    day: int | None = None
    week: int | None = None
    spacing_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EuroCap:
    """What a campaign's calls may cost, in euro, as far as the carrier tells prices.

    Attributes:
        total: in all; None: any amount.
        day: on one day (UTC).
        per_call: reserved for each call that is up; what the dearest one has cost, once that is more.
    """

    total: Decimal | None = None
    day: Decimal | None = None
    per_call: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """When a burst of failures stops a campaign, and how it goes on.

    Attributes:
        failures: so many attempts that failed, were rejected or are undetermined ...
        of: ... among so many of the last ones open it.
        wait_ms: for so long nothing goes out; twice as long each time a probe fails, up to an hour.
        resume: `probe`: calls go out one by one then, until three have gone well. `person`: it is paused instead.
    """

    failures: int
    of: int
    wait_ms: int
    resume: Literal["probe", "person"] = "probe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tripped:
    """An open breaker: until when nothing goes out, and how many of so many attempts failed."""

    until: datetime
    failures: int
    of: int

    @classmethod
    def read(cls, until_ms: str | None, why: str | None) -> Tripped | None:
        """From the fields of a campaign or a trunk (`lua/parts/breaker.lua`); None while it is closed."""
        if not until_ms:
            return None
        failures, of = map(int, (why or "0 0").split())
        return cls(until=moment(until_ms), failures=failures, of=of)


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """A named run over a list of calls.

    Attributes:
        script: what the call says, in the form of its kind (`dialer/kinds.py`).
        success: the dispositions that count as success; which they are is the campaign's choice.
        expires_at: what is not dialed by then is `expired`.
        most: how many calls it takes at the most; None: any number.
        windows: the hours in which its calls may be dialed; None: always.
        override_windows: whether it is dialed outside of them all the same.
        share: how much of the budget it takes beside others.
        caps: how often it dials a number that it and others have dialed.
        euro_cap: what its calls may cost.
        breaker: what stops it when its calls fail; None: nothing.
        tripped: how the breaker stands while it is open.
        spent, spent_today: what its calls have cost so far, in euro, and on the present day (UTC).
        dearest: what the dearest of them has cost.
        escalation: what is begun for a call that is given up (`store/escalating.py`); None: nothing.
        lists: the named suppression lists that it keeps to, besides the one of all campaigns.
        trunks: those by which its calls may leave, in order of their names; they never change.
        version: 1, and one more for each change of what can be changed.
        script_version: 1, and one more for each change of the script.
        max_tries: how often one call is tried at the most, whatever `redial` says; None: as often as that.
        retention_days: how long it is kept after its end; None: as set for all.
        over_at: when what it was for was over, though calls may still be up; conferences and escalations have that.
        over_reason: why, in words.
        reason: why it is paused, in words, when the dialer paused it by itself.
        total: how many calls were ever added.
        attempts: how many tries were used on them; a refused one is none.
        origin: the request that made it (a `traceparent`), where traces are made.
    """

    id: str
    name: str
    kind: str
    script: Mapping[str, Any]
    priority: Priority
    redial: Mapping[Disposition, Redial]
    unknown: UnknownPolicy
    state: CampaignState
    created_at: datetime
    terms: Terms = Terms()
    success: frozenset[Disposition] = frozenset()
    expires_at: datetime | None = None
    most: int | None = None
    windows: Windows | None = None
    override_windows: bool = False
    callbacks: Callbacks | None = None
    escalation: Mapping[str, Any] | None = None
    share: Share = Share()
    caps: Caps = Caps()
    euro_cap: EuroCap = EuroCap()
    breaker: Breaker | None = None
    tripped: Tripped | None = None
    spent: Decimal = Decimal(0)
    spent_today: Decimal = Decimal(0)
    dearest: Decimal = Decimal(0)
    lists: tuple[str, ...] = ()
    trunks: tuple[str, ...] = (MAIN,)
    version: int = 1
    script_version: int = 1
    max_tries: int | None = None
    retention_days: int | None = None
    over_at: datetime | None = None
    over_reason: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str | None = None
    total: int = 0
    attempts: int = 0
    origin: str | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a campaign is. `sum(counts.values())` is its size, always.

    Attributes:
        hanging_up: how many calls are still to be hung up by "hang up everything"; None where nobody asked for it.
    """

    counts: Mapping[CallState, int]
    dispositions: Mapping[Disposition, int]
    hanging_up: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """What a call enqueued alone says and how it is placed.

    Attributes:
        kind, script: as a campaign's.
        endpoint: what an address needs besides itself: `headers`, `content_type` or `dtmf_answer`.
        origin: the request that brought it (a `traceparent`), where traces are made.
    """

    kind: str
    script: Mapping[str, Any]
    terms: Terms = Terms()
    endpoint: Mapping[str, Any] = field(default_factory=dict)
    origin: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCall:
    """A call to add: a number that was checked, and what its text needs.

    Attributes:
        number: E.164 with the leading plus, or a SIP or websocket address (`dialer/addresses.py`).
        external_id: the caller's own id of this contact. It, or else the number, tells duplicates in a campaign.
        once: what tells duplicates instead, where one person is to be called more than once in a campaign.
        others: further numbers of the same person, dialed as the campaign's policy says.
        own: what a call enqueued alone has of its own instead of its campaign's; None for a call of a list.
        timezone: where the person is (IANA), where the number does not tell that by itself.
        expires_at: when it is too late for this call, whatever its campaign says.
        cohort: which calls of its campaign open and close with it (`dialer/cohorts.py`); None: to be found out.
    """

    number: str
    external_id: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    own: Own | None = None
    timezone: str | None = None
    expires_at: datetime | None = None
    cohort: str | None = None
    others: tuple[str, ...] = ()
    once: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What became of one call to add: its id, and whether it was there before."""

    call_id: str
    duplicate: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One carrier event as it is kept with its attempt. `at` is the carrier's clock, `received_at` ours."""

    kind: str
    at: datetime | None
    received_at: datetime
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try at a call.

    Attributes:
        number: 1 for the first.
        place: which of the person's numbers it dialed; 1 for the first.
        state: placing, placed, ringing, answered, ended or, after a doubtful answer, unknown.
        placed_at: when the request left, by Redis' clock.
        result: the carrier's answer to the request in our words (`placed`, `refused: rate`, `unknown: timed_out`).
        figures: duration_s, price, rate, network, sip_code, detail ... as the events told.
        muted: whether we told the carrier to let the others not hear this party.
        earmuffed: whether we told it to let this party not hear the others.
        script: what it says instead of its campaign's script, after a transfer; None as long as it has that one.
        recordings: ids of its recordings, in the order in which they were told.
        decision: by which rules it was let go; None for one of an earlier release.
        trunk: by which it left.
    """

    id: str
    number: int
    state: str
    placed_at: datetime | None
    uuid: str | None
    result: str | None
    facts: frozenset[Fact]
    disposition: Disposition | None
    figures: Mapping[str, str | int]
    events: tuple[Event, ...] = ()
    recordings: tuple[str, ...] = ()
    muted: bool = False
    earmuffed: bool = False
    script: Mapping[str, Any] | None = None
    place: int = 1
    decision: Decision | None = None
    trunk: str = MAIN

    @property
    def keys(self) -> str:
        """What was pressed at the questions of the script, in their order, separated by spaces."""
        pressed = {name: text for name, text in self.figures.items() if name.startswith("keys:")}
        return " ".join(str(pressed[name]) for name in sorted(pressed))


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The duty to reach one person.

    Attributes:
        due_at: when it may be dialed next; only while waiting.
        ended_at: when it got its disposition.
        attempts: how many tries were used; a refused one costs none.
        timezone: where the person is, as it was given with the call; None: as the number tells.
        expires_at: when it is too late for this call; None: as its campaign says.
        escalation_id: of the escalation that is begun for it, since it was given up; within seconds it is there.
    """

    id: str
    campaign_id: str
    number: str
    external_id: str | None
    variables: Mapping[str, str]
    state: CallState
    due_at: datetime | None
    disposition: Disposition | None
    ended_at: datetime | None
    attempts: int
    timezone: str | None = None
    expires_at: datetime | None = None
    others: tuple[str, ...] = ()
    escalation_id: str | None = None

    def dialed(self, attempt: Attempt) -> str:
        """The number that an attempt of this call dialed."""
        return (self.number, *self.others)[attempt.place - 1]


class CallRef(NamedTuple):
    """A call by campaign and running number."""

    campaign_id: str
    seq: int

    @classmethod
    def parse(cls, call_id: str) -> CallRef | None:
        """`c5hk-12` to its parts, None if it is no call id."""
        campaign_id, _, seq = call_id.rpartition("-")
        return cls(campaign_id, int(seq)) if campaign_id and _is_count(seq) else None

    def __str__(self) -> str:
        return f"{self.campaign_id}-{self.seq}"


class AttemptRef(NamedTuple):
    """An attempt by its call and its own number."""

    call: CallRef
    number: int

    @classmethod
    def parse(cls, attempt_id: str) -> AttemptRef | None:
        """`c5hk-12-2` to its parts, None if it is no attempt id."""
        call_id, _, number = attempt_id.rpartition("-")
        call = CallRef.parse(call_id)
        return cls(call, int(number)) if call and _is_count(number) else None

    def __str__(self) -> str:
        return f"{self.call}-{self.number}"


def _is_count(text: str) -> bool:
    # At most 12 digits: a hostile id must not become a huge number.
    return text.isascii() and text.isdigit() and len(text) <= 12 and not text.startswith("0")  # noqa: PLR2004 - as said above
