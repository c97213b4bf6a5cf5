"""Orders to a live call as requests: each in its own words, within the carrier's limits, in both generations."""

from typing import Any

import pytest

from dialer.errors import CarrierError, InvalidInput
from dialer.providers.kpn import Dialect
from dialer.providers.kpn.orders import write_order
from dialer.providers.steering import (
    Act,
    CallOver,
    NotAnswered,
    Order,
    SendDigits,
    StartStream,
    StartTalk,
    TooEarly,
    Transfer,
)
from tests.fakes.kpn_schemas import problems_for_vonage

TODAY = Dialect(generation="today", allow_inline_ncco=True)
TALK = {"action": "talk", "text": "Hallo"}
AUDIO = "https://audio.example/wait.mp3"


@pytest.mark.parametrize(
    ("order", "method", "part", "body"),
    [
        (Act.HANG_UP, "PUT", "", {"action": "hangup"}),
        (Act.MUTE, "PUT", "", {"action": "mute"}),
        (Act.UNMUTE, "PUT", "", {"action": "unmute"}),
        (Act.EARMUFF, "PUT", "", {"action": "earmuff"}),
        (Act.UNEARMUFF, "PUT", "", {"action": "unearmuff"}),
        (Act.STOP_STREAM, "DELETE", "stream", None),
        (Act.STOP_TALK, "DELETE", "talk", None),
        (
            Transfer("https://dialer.test/ncco"),
            "PUT",
            "",
            {"action": "transfer", "destination": {"type": "ncco", "url": ["https://dialer.test/ncco"]}},
        ),
        (Transfer([TALK]), "PUT", "", {"action": "transfer", "destination": {"type": "ncco", "ncco": [TALK]}}),
        (StartStream(AUDIO), "PUT", "stream", {"stream_url": [AUDIO], "loop": 1}),
        (StartStream(AUDIO, 0, -0.04), "PUT", "stream", {"stream_url": [AUDIO], "loop": 0, "level": "0.0"}),
        (
            StartTalk("Hallo", "nl-NL", 1, loop=2, level=0.44),
            "PUT",
            "talk",
            {"text": "Hallo", "language": "nl-NL", "style": 1, "loop": 2, "level": "0.4"},
        ),
        (SendDigits("p12*#"), "PUT", "dtmf", {"digits": "p12*#"}),
    ],
)
def test_order_is_one_request(order: Order, method: str, part: str, body: dict[str, Any] | None) -> None:
    """Every order has its method, its place below the call, and its body."""
    assert (method, part, body) == write_order(order, TODAY)


@pytest.mark.parametrize(
    ("order", "schema"),
    [
        (Act.HANG_UP, "UpdateCallRequestHangup"),
        (Act.MUTE, "UpdateCallRequestMute"),
        (Act.UNMUTE, "UpdateCallRequestUnmute"),
        (Act.EARMUFF, "UpdateCallRequestEarmuff"),
        (Act.UNEARMUFF, "UpdateCallRequestUnearmuff"),
        (Transfer("https://dialer.test/ncco"), "UpdateCallRequestTransferAnswerUrl"),
        (Transfer([TALK]), "UpdateCallRequestTransferNcco"),
        (StartStream(AUDIO, 0, 1), "StartStreamRequest"),
        (StartTalk("Hallo", "nl-NL", level=-1), "StartTalkRequest"),
        (SendDigits("1"), "DTMFRequest"),
    ],
)
@pytest.mark.parametrize("dialect", [TODAY, Dialect(generation="2018", allow_inline_ncco=True)])
def test_body_is_what_the_specification_wants(order: Order, schema: str, dialect: Dialect) -> None:
    """Vonage's specification has nothing against any body, in either generation."""
    assert [] == problems_for_vonage(schema, dict(write_order(order, dialect).body or {}))


@pytest.mark.parametrize("field", ["voice_name", "voiceName"])
def test_older_generation_names_the_voice(field: Any) -> None:
    """At KPN's level a voice has a first name, in the field that the setting names; the style chooses it."""
    dialect = Dialect(voice_field=field)

    assert {"text": "Hallo", field: "Lotte", "loop": 1} == write_order(StartTalk("Hallo", "nl-NL"), dialect).body
    assert {"text": "Hallo", field: "Ruben", "loop": 1} == write_order(StartTalk("Hallo", "nl-NL", 4), dialect).body


def test_premium_voice_is_asked_for_by_a_flag() -> None:
    """The better voice of a style is a flag of today's generation."""
    body = write_order(StartTalk("Hallo", "nl-NL", 1, premium=True), TODAY).body

    assert {"text": "Hallo", "language": "nl-NL", "style": 1, "premium": True, "loop": 1} == body


@pytest.mark.parametrize(
    ("order", "dialect", "field"),
    [
        (Transfer("nowhere"), TODAY, "script"),
        (Transfer([]), TODAY, "script"),
        (Transfer([TALK]), Dialect(), "script"),
        (StartStream("file:///etc/passwd"), TODAY, "url"),
        (StartStream(AUDIO, -1), TODAY, "loop"),
        (StartStream(AUDIO, 10_001), TODAY, "loop"),
        (StartStream(AUDIO, level=-1.1), TODAY, "level"),
        (StartStream(AUDIO, level=1.1), TODAY, "level"),
        (StartStream(AUDIO, level=float("nan")), TODAY, "level"),
        (StartTalk("", "nl-NL"), TODAY, "text"),
        (StartTalk(" \n", "nl-NL"), TODAY, "text"),
        (StartTalk("a" * 1501, "nl-NL"), TODAY, "text"),
        (StartTalk("Hallo", "nl-XX"), TODAY, "language"),
        (StartTalk("Hallo", "nl-NL", 99), TODAY, "style"),
        (StartTalk("Hallo", "nl-NL", premium=True), Dialect(), "premium"),
        (SendDigits(""), TODAY, "digits"),
        (SendDigits("12A"), TODAY, "digits"),
        (SendDigits("1" * 101), TODAY, "digits"),
    ],
)
def test_wrong_order_names_its_field(order: Order, dialect: Dialect, field: str) -> None:
    """What the carrier would answer with a bare 400 is an error with its field before anything is sent."""
    with pytest.raises(InvalidInput) as caught:
        write_order(order, dialect)

    assert field == caught.value.field


def test_orders_are_called_as_in_the_api() -> None:
    """Clients and metrics know them by these words."""
    assert ["hang_up", "mute", "unmute", "earmuff", "unearmuff", "stop_play", "stop_talk"] == list(Act)


@pytest.mark.parametrize(
    ("kind", "words", "retryable"),
    [
        (CallOver, "The call is over", False),
        (NotAnswered, "The call is not answered yet", True),
        (TooEarly, "The call cannot be steered yet", True),
    ],
)
def test_what_cannot_be_done_now_tells_whether_it_may_be_later(
    kind: type[CallOver | NotAnswered | TooEarly], words: str, *, retryable: bool
) -> None:
    """With the carrier's status where it gave one, and in other words where there are."""
    errors: list[CarrierError] = [kind(), kind("Gone", status=404)]

    assert [(words, None, retryable), ("Gone", 404, retryable)] == [
        (str(error), error.status, error.retryable) for error in errors
    ]


def test_an_order_says_what_it_needs_of_the_call() -> None:
    """What is heard needs an answered call, and only a hang-up ends one that rings."""
    written = {order: write_order(order, TODAY) for order in (*Act, SendDigits("1"), Transfer("https://a.test/b"))}

    assert {Act.STOP_STREAM, Act.STOP_TALK, SendDigits("1")} == {one for one, as_ in written.items() if as_.is_heard}
    assert [Act.HANG_UP] == [one for one, as_ in written.items() if as_.is_end]


def test_the_carrier_repeats_as_often_as_it_is_told() -> None:
    """Up to 10,000 times."""
    body = write_order(StartStream(AUDIO, 10_000), TODAY).body

    assert body is not None
    assert 10_000 == body["loop"]


def test_text_may_be_as_long_as_the_carrier_takes() -> None:
    """1,500 characters are taken, and the tags of SSML do not count."""
    for text in ("a" * 1500, f"<speak>{'a' * 1500}</speak>"):
        body = write_order(StartTalk(text, "nl-NL"), TODAY).body
        assert body is not None
        assert text == body["text"]
