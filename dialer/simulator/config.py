"""Everything that can be set about the stand-in before it starts.

"Carrier seconds" are the seconds of the imitated world: ringing, talking, the grace in which a call cannot be steered.
They pass `time_scale` times as long in ours. Limits of the network (rates, latency, webhook time limits) are in our
seconds and never scaled: a budget of 3 per second stays one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Literal

from dialer.simulator.faults import Often, PlaceFault, RecordingFault, WebhookFault

RefusalStyle = Literal["kpn_429", "vonage_429", "apigee_429", "apigee_500"]
BadRequestStyle = Literal["vonage_2018", "list", "rfc7807"]
Where = Literal["before", "after"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """How people behave whose phone was not told what to do: a part of 1 each, the rest answers."""

    busy: float = 0.0  # engaged
    no_answer: float = 0.0  # rings until `ringing_timer`
    voicemail: float = 0.0  # a machine answers; said only where machine detection was asked for
    rejected: float = 0.0  # declined by hand
    invalid: float = 0.0  # no such number
    unreachable: float = 0.0  # switched off or out of reach

    def __post_init__(self) -> None:
        parts = [getattr(self, share.name) for share in fields(self)]
        if min(parts) < 0 or sum(parts) > 1:
            raise ValueError("shares of behaviours must each be 0 or more and at most 1 together")


LIFELIKE = Shares(busy=0.10, no_answer=0.20, voicemail=0.12, rejected=0.04, invalid=0.02, unreachable=0.04)
"""About what a list of private numbers gives in the daytime; a guess, good for a demonstration."""
LIFELIKE_PRESSING = 0.8
"""How many of those who pick up press the key that they are asked for; likewise a guess."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorConfig:
    """One carrier and its people. The defaults are a carrier without faults where everybody answers."""

    host: str = "127.0.0.1"  # the control paths ask for no password: keep to loopback
    port: int = 0  # 0 takes any free one
    seed: int = 1  # the same seed and numbers give the same behaviours, in any order of placing
    time_scale: float = 1.0  # our seconds per carrier second: 0.1 rings and talks ten times as fast
    keep_log: bool = True  # False keeps the last requests only, and no spoken texts: for long or fast runs
    calls_kept: int = 200_000  # finished calls that can still be read, the oldest go first

    # Access
    client_id: str | None = None  # None takes any
    client_secret: str | None = None  # None takes any
    application_id: str | None = None  # None takes any, but one must be sent
    token_lifetime_s: float = 3599.0  # our seconds
    token_status: str = "approved"  # noqa: S105 - the status in the answer, no secret
    wrong_client_status: Literal[401, 500] = 401  # 500 was seen at KPN
    wrong_token_status: Literal[401, 500] = 401  # 500 was seen on a KPN product
    wrong_application_status: Literal[401, 403, 404] = 401  # unknown for KPN
    token_down_from_s: float | None = None  # our seconds since the start: the token server goes away
    token_down_until_s: float | None = None  # and comes back

    # Rates
    calls_per_second: float = 3.0  # accepted in any rolling second; below 1, one in that longer time
    spike_arrest: bool = False  # moreover no two within 1 / calls_per_second seconds
    other_requests_per_second: float = 15.0  # everything but placing, in any rolling second
    refusal_style: RefusalStyle = "kpn_429"  # what is answered over the limit
    retry_after_s: int | None = None  # sent as Retry-After with refusals
    quota_reset_s: float | None = None  # sent as quota-reset-UTC (Unix ms of now + this) with refusals

    # Network between client and carrier
    latency_ms: float = 0.0  # mean delay of each request
    latency_jitter_ms: float = 0.0  # uniform, plus or minus
    latency_where: Where = "before"  # before the request is judged, as a network would, or after

    # Requests and answers
    bad_request_style: BadRequestStyle = "vonage_2018"  # shape of a 400
    inline_ncco: bool = False  # whether `ncco` in a placing is taken; KPN's specification does not list it
    advanced_detection: bool = True  # whether `advanced_machine_detection` is looked at; False overlooks it in silence
    record_index: Literal["page", "row"] = "page"  # meaning of the list's `record_index`
    next_link: bool = True  # whether a page of the list names the next one
    party_shape: Literal["object", "array"] = "object"  # form of `to` and `from` in call objects
    time_format: Literal["iso", "space"] = "iso"  # `2024-04-19T01:34:18.000Z` or `2024-04-19 01:34:18`
    control_grace_s: float = 2.0  # carrier seconds after placing in which steering a call gives 400; 0 for none
    finished_call_status: Literal[400, 404] = 404  # what steering a finished call gives; both were seen

    # Applications, tokens for recordings
    application_shape: Literal["2018", "today"] = "2018"  # generation of the answers about applications
    application_list: Literal["shown", "refused"] = "shown"  # `refused` as in KPN's sandbox
    jwt_lifetime_s: float = 900.0  # our seconds

    # People
    shares: Shares = field(default_factory=Shares)
    ring_s: float = 6.0  # carrier seconds until somebody picks up, on average
    ring_jitter_s: float = 4.0  # carrier seconds, uniform, plus or minus
    speech_characters_per_second: float = 15.0  # per carrier second, a brisk Dutch voice
    clip_s: float = 10.0  # carrier seconds that a `stream` plays
    talk_s: float = 20.0  # carrier seconds that somebody stays behind a `connect`, or in a conference nobody joins now
    hold_s: float = 300.0  # carrier seconds that somebody waits for a conference to begin
    beep_s: float = 8.0  # carrier seconds from the answer until the beep of a voicemail
    presses: str = "1"  # the key that somebody who was told nothing else presses when asked ...
    pressing: float = 0.0  # ... and how many of those who pick up do, from 0 to 1
    key_press_s: float = 1.0  # carrier seconds until a key is pressed, or somebody begins to speak
    completed_after_failure: bool = True  # whether `completed` follows busy, timeout, unanswered and failed
    rate_eur: str = "0.01000000"  # price of a minute, as decimal text

    # Webhooks, as Vonage delivers them (our seconds)
    webhook_connect_timeout_s: float = 1.0
    event_read_timeout_s: float = 10.0
    answer_read_timeout_s: float = 5.0
    webhook_connections: int = 256  # open at the same time; more wait
    signature_secret: str | None = field(
        default=None, repr=False
    )  # signs webhooks; 32 bytes or more, shorter ones warn
    signature_api_key: str = "stand-in"  # the account named in signatures

    # Recordings
    recording_origin: str | None = None  # scheme and host in their addresses, instead of the stand-in's own
    recording_kept_days: float | None = 30.0  # our days until one is gone (404); None keeps all

    # Faults from the start; they can be changed while it runs (Simulator.faults)
    place_faults: Mapping[PlaceFault, Often] = field(default_factory=dict)
    webhook_faults: Mapping[WebhookFault, Often] = field(default_factory=dict)
    recording_faults: Mapping[RecordingFault, Often] = field(default_factory=dict)
    slow_reply_s: float = 30.0  # our seconds that a `slow_reply` takes
    slow_download_s: float = 30.0  # our seconds that a `slow` recording takes
    late_webhook_s: float = 10.0  # carrier seconds by which a `late` webhook is late

    def __post_init__(self) -> None:
        if self.time_scale < 0:
            raise ValueError("time_scale must be 0 or more")
        if not 0 <= self.pressing <= 1:
            raise ValueError("pressing must be from 0 to 1")
        if self.calls_per_second <= 0 or self.other_requests_per_second <= 0:
            raise ValueError("rates must be above 0")
