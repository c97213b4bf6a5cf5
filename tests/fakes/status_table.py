"""What each answer to a request for a call means: for the call, for the fleet, and what a person sees of it.

One row for each status and shape of body, connection that fails and token that cannot be had. The manual's table is
made from these rows, and each of them is acted out by `test_status_table.py`: the two cannot differ.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from aiohttp import web

from dialer.dispositions import Disposition
from dialer.states import CallState
from tests.fakes.kpn_gateway import CREATED, Reply, replying


class Gate(StrEnum):
    """For how long nothing goes out."""

    OPEN = ""
    TOKEN = "gate closes for a token's time, and longer each time"
    SECOND = "gate closes for a second, and longer each time"
    ASKED = "gate closes for as long as the carrier asks"


class Margin(StrEnum):
    """What becomes of the margin of the pacing."""

    STAYS = ""
    SHRINKS = "margin shrinks slowly"
    GROWS = "margin grows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What follows from an answer.

    Attributes:
        seen: the result in the log line `attempt.answered`, in the metric, and on the attempt where one is kept; where
            there was no access token and so no request, the log line itself.
        state: of the call, with its disposition where it is done.
        pauses: whether the campaign is paused, with the reason.
        renews: whether another access token is asked for.
    """

    seen: str
    state: CallState
    gate: Gate = Gate.OPEN
    margin: Margin = Margin.STAYS
    pauses: bool = False
    renews: bool = False

    @property
    def tries(self) -> int:
        """How many tries were used: none where surely no phone rang and the call goes on."""
        return 0 if self.state is CallState.WAITING else 1

    @property
    def disposition(self) -> Disposition | None:
        """What a call that is done ended as."""
        return Disposition.FAILED if self.state is CallState.DONE else None

    @property
    def call(self) -> str:
        """What the call becomes, in words."""
        if self.state is CallState.WAITING:
            return "waiting again, same place in line, no try used"
        return f"done: `{self.disposition}`" if self.disposition else self.state

    @property
    def fleet(self) -> str:
        """What the fleet does, in words."""
        renewed = "access token renewed, once for the fleet" if self.renews else ""
        paused = "campaign paused with the reason" if self.pauses else ""
        return "; ".join(filter(None, [self.gate, self.margin, renewed, paused]))


LIVE = Meaning(seen="placed", state=CallState.LIVE, margin=Margin.SHRINKS)
UNREADABLE = Meaning(seen="unknown: unreadable", state=CallState.UNKNOWN, margin=Margin.SHRINKS)
BAD = Meaning(seen="refused: bad_request", state=CallState.DONE)
OURS = Meaning(seen="refused: misconfigured", state=CallState.WAITING, pauses=True)
RATE = Meaning(seen="refused: rate", state=CallState.WAITING, gate=Gate.TOKEN, margin=Margin.GROWS)
RATE_ASKED = Meaning(seen="refused: rate", state=CallState.WAITING, gate=Gate.ASKED, margin=Margin.GROWS)
QUOTA = Meaning(seen="refused: quota", state=CallState.WAITING, gate=Gate.SECOND)
QUOTA_ASKED = Meaning(seen="refused: quota", state=CallState.WAITING, gate=Gate.ASKED)
NEW_TOKEN = Meaning(seen="refused: token", state=CallState.WAITING, gate=Gate.SECOND, renews=True)
NOT_SENT = Meaning(seen="refused: not_sent", state=CallState.WAITING, gate=Gate.SECOND)
TIMED_OUT = Meaning(seen="unknown: timed_out", state=CallState.UNKNOWN, gate=Gate.SECOND)
LOST = Meaning(seen="unknown: connection_lost", state=CallState.UNKNOWN, gate=Gate.SECOND)
SERVER_ERROR = Meaning(seen="unknown: server_error", state=CallState.UNKNOWN, gate=Gate.SECOND)
UNAVAILABLE = Meaning(seen="unknown: unavailable", state=CallState.UNKNOWN, gate=Gate.SECOND)
UNAVAILABLE_ASKED = Meaning(seen="unknown: unavailable", state=CallState.UNKNOWN, gate=Gate.ASKED)
NO_TOKEN = Meaning(seen="carrier.not_ready", state=CallState.WAITING, gate=Gate.SECOND)
WRONG_CLIENT = Meaning(seen="carrier.not_ready", state=CallState.WAITING, gate=Gate.SECOND, pauses=True)


class Way(StrEnum):
    """How the carrier is reached."""

    OPEN = "open"
    SILENT = "silent"  # it takes the request, and the time runs out
    CLOSED = "closed"  # nobody listens
    NAMELESS = "nameless"  # its host has no address
    PLAIN = "plain"  # it does not speak TLS


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One answer, and what it means.

    Attributes:
        answer: in the README's words.
        reply: what the gateway answers; `behaviour` what it does instead, by the name of its method; `token_reply` what
            the token server answers, where that is anything odd.
        said: the carrier's words, which a person is shown where the call fails or the campaign is paused.
        asked_s: how long the carrier asked to wait.
    """

    answer: str
    meaning: Meaning
    reply: Reply | None = None
    behaviour: str = ""
    token_reply: Reply | None = None
    way: Way = Way.OPEN
    said: str = ""
    asked_s: float = 0

    @property
    def arrives(self) -> bool:
        """Whether the carrier gets the request at all."""
        return self.way in {Way.OPEN, Way.SILENT} and self.token_reply is None


def fault(status: int, code: str, headers: dict[str, str] | None = None) -> Reply:
    """The gateway's own fault."""
    return replying(status, {"fault": {"faultstring": "Refused", "detail": {"errorcode": code}}}, headers=headers)


def plain(status: int, **headers: str) -> Reply:
    """An answer in the envelope of KPN's gateway."""
    body = {"transactionId": "t", "status": str(status), "name": "Refused", "message": "see info", "info": "none"}
    return replying(status, body, headers={name.replace("_", "-"): value for name, value in headers.items()})


async def spent_quota(_: web.Request) -> web.Response:
    """An allowance that is used up, and will be there again in 40 s."""
    reset_ms = str(int((time.time() + 40) * 1000))
    headers = {"quota-limit": "9", "quota-used": "9", "quota-reset-UTC": reset_ms}
    return web.json_response({"message": "Quota"}, status=429, headers=headers)


_NAMED = {"type": "BAD_REQUEST", "error_title": "Bad Request", "invalid_parameters": {"to": "Must be a number."}}
_LISTED = {"type": 400, "title": "Bad Request", "invalid_parameters": [{"name": "to", "reason": "Must be a number."}]}
_WRONG_CLIENT = {"ErrorCode": "invalid_client", "Error": "ClientId is Invalid"}
_SPIKE, _QUOTA = "policies.ratelimit.SpikeArrestViolation", "policies.ratelimit.QuotaViolation"
_EXPIRED = "keymanagement.service.access_token_expired"
_NO_PRODUCT = "keymanagement.service.InvalidAPICallAsNoApiProductMatchFound"
_NO_PATH = "messaging.adaptors.http.flow.ApplicationNotFound"
_GATEWAY_TIMEOUT = "messaging.adaptors.http.flow.GatewayTimeout"
_HTML = replying(504, text="<html><body><h1>504 Gateway Time-out</h1></body></html>")
_BAD_WORDS = "HTTP 400: Bad Request; to: Must be a number."

ROWS: tuple[Row, ...] = (
    Row(answer="201", meaning=LIVE, reply=replying(201, CREATED)),
    Row(answer="201, cut off", meaning=UNREADABLE, behaviour="cut_off"),
    Row(answer="201 without an id", meaning=UNREADABLE, reply=replying(201, {})),
    Row(answer="no HTTP", meaning=UNREADABLE, behaviour="garbage"),
    Row(answer="429", meaning=RATE, reply=plain(429)),
    Row(answer="429 with a spike-arrest fault", meaning=RATE, reply=fault(429, _SPIKE)),
    Row(answer="500 with a spike-arrest fault", meaning=RATE, reply=fault(500, _SPIKE)),
    Row(answer="503 with a spike-arrest fault", meaning=RATE, reply=fault(503, _SPIKE)),
    Row(answer="429 with Retry-After", meaning=RATE_ASKED, reply=plain(429, Retry_After="7"), asked_s=7),
    Row(answer="429 with a quota fault", meaning=QUOTA, reply=fault(429, _QUOTA)),
    Row(answer="500 with a quota fault", meaning=QUOTA, reply=fault(500, _QUOTA)),
    Row(answer="429 with a used up quota and its reset", meaning=QUOTA_ASKED, reply=spent_quota, asked_s=40),
    Row(answer="503", meaning=UNAVAILABLE, reply=plain(503)),
    Row(answer="503 with Retry-After", meaning=UNAVAILABLE_ASKED, reply=plain(503, Retry_After="7"), asked_s=7),
    Row(answer="time-out", meaning=TIMED_OUT, behaviour="hang", way=Way.SILENT),
    Row(answer="408", meaning=TIMED_OUT, reply=plain(408)),
    Row(answer="connection reset after sending", meaning=LOST, behaviour="reset"),
    Row(answer="500", meaning=SERVER_ERROR, reply=plain(500)),
    Row(answer="502", meaning=SERVER_ERROR, reply=replying(502)),
    Row(answer="504", meaning=SERVER_ERROR, reply=fault(504, _GATEWAY_TIMEOUT)),
    Row(answer="504 as HTML", meaning=SERVER_ERROR, reply=_HTML),
    Row(answer="connection refused", meaning=NOT_SENT, way=Way.CLOSED),
    Row(answer="host unknown", meaning=NOT_SENT, way=Way.NAMELESS),
    Row(answer="TLS fails", meaning=NOT_SENT, way=Way.PLAIN),
    Row(answer="401", meaning=NEW_TOKEN, reply=replying(401, {"type": "UNAUTHORIZED", "error_title": "Unauthorized"})),
    Row(answer="401 with a token fault", meaning=NEW_TOKEN, reply=fault(401, _EXPIRED)),
    Row(answer="500 with a token fault", meaning=NEW_TOKEN, reply=fault(500, "oauth.v2.InvalidAccessToken")),
    Row(answer="token server away", meaning=NO_TOKEN, token_reply=replying(503)),
    *(
        Row(
            answer=f"{status} of the token server: wrong client",
            meaning=WRONG_CLIENT,
            token_reply=replying(status, _WRONG_CLIENT),
            said="ClientId is Invalid",
        )
        for status in (401, 500)
    ),
    Row(answer="400 with a mapping of fields", meaning=BAD, reply=replying(400, _NAMED), said=_BAD_WORDS),
    Row(answer="400 with a list of fields", meaning=BAD, reply=replying(400, _LISTED), said=_BAD_WORDS),
    Row(answer="405", meaning=BAD, reply=plain(405), said="HTTP 405: Refused; see info; none"),
    Row(answer="412", meaning=BAD, reply=plain(412), said="HTTP 412: Refused; see info; none"),
    Row(answer="415", meaning=BAD, reply=plain(415), said="HTTP 415: Refused; see info; none"),
    Row(answer="302", meaning=OURS, reply=replying(302, headers={"Location": "/nexmo/voice/calls"}), said="HTTP 302"),
    Row(answer="403", meaning=OURS, reply=plain(403), said="HTTP 403: Refused; see info; none"),
    Row(answer="404", meaning=OURS, reply=plain(404), said="HTTP 404: Refused; see info; none"),
    Row(
        answer="404 with a path fault", meaning=OURS, reply=fault(404, _NO_PATH), said=f"HTTP 404: Refused; {_NO_PATH}"
    ),
    Row(answer="401 with a product fault", meaning=OURS, reply=fault(401, _NO_PRODUCT), said=_NO_PRODUCT),
    Row(
        answer="500 with a client fault",
        meaning=OURS,
        reply=fault(500, "oauth.v2.InvalidClientIdentifier"),
        said="oauth.v2.InvalidClientIdentifier",
    ),
)


def meanings() -> Iterator[tuple[Meaning, list[str]]]:
    """Each meaning once with the answers that have it, in the order of the rows."""
    for meaning in dict.fromkeys(row.meaning for row in ROWS):
        yield meaning, [row.answer for row in ROWS if row.meaning == meaning]
