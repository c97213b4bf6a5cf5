"""The body of a request for a call: every endpoint, every limit, and what is off until somebody allows it."""

from dataclasses import replace
from typing import Any

import pytest

from dialer.errors import InvalidInput
from dialer.providers.base import AdvancedDetection, CallRequest, Endpoint, Phone, Sip, Websocket
from dialer.providers.kpn import Dialect
from dialer.providers.kpn.placing import write_call
from tests.fakes.kpn_gateway import REQUEST
from tests.fakes.kpn_schemas import problems_for_vonage

ALL = Dialect(allow_advanced=True, allow_random_from=True, allow_sip_headers=True)
LONG = "a" * 45

ENDPOINTS: list[tuple[Endpoint, dict[str, Any]]] = [
    (Phone("+31612345678"), {"type": "phone", "number": "31612345678"}),
    (Phone("1234567", "p*123#"), {"type": "phone", "number": "1234567", "dtmfAnswer": "p*123#"}),
    (Sip("sip:desk@pbx.example"), {"type": "sip", "uri": "sip:desk@pbx.example"}),
    (Sip("desk@pbx.example;transport=tls"), {"type": "sip", "uri": "desk@pbx.example;transport=tls"}),
    (Sip("sip:a@b", {"queue": "north"}), {"type": "sip", "uri": "sip:a@b", "headers": {"queue": "north"}}),
    (
        Websocket("wss://audio.example/in"),
        {"type": "websocket", "uri": "wss://audio.example/in", "content-type": "audio/l16;rate=16000"},
    ),
    (
        Websocket("ws://a", "audio/l16;rate=8000", {"customer": {"id": 7}}),
        {
            "type": "websocket",
            "uri": "ws://a",
            "content-type": "audio/l16;rate=8000",
            "headers": {"customer": {"id": 7}},
        },
    ),
]


@pytest.mark.parametrize(("endpoint", "expected"), ENDPOINTS)
def test_endpoint_is_written(endpoint: Endpoint, expected: dict[str, Any]) -> None:
    """A phone, a SIP address and a websocket are written in the carrier's words, and its specification agrees."""
    body = write_call(replace(REQUEST, to="", endpoint=endpoint), ALL)

    assert [expected] == body["to"]
    assert [] == problems_for_vonage("CreateCallRequestAnswerUrl", body)


def test_number_alone_is_a_phone() -> None:
    """A call that names no endpoint goes to the phone of its number."""
    assert Phone("+31612345678") == REQUEST.callee


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"to": "+123456"}, "to"),
        ({"to": "+1234567890123456"}, "to"),
        ({"to": ""}, "to"),
        ({"to": "+31 6 1234"}, "to"),
        ({"to": "\u0661\u0662\u0663\u0664\u0665\u0666\u0667"}, "to"),
        ({"from_": "kpn"}, "from"),
        ({"answer_url": "ftp://x"}, "answer_url"),
        ({"answer_url": "https://"}, "answer_url"),
        ({"answer_url": "https://x/" + "a" * 2048}, "answer_url"),
        ({"event_url": "https://x/\n"}, "event_url"),
        ({"event_url": "https://x/\u00e9"}, "event_url"),
        ({"ringing_timer_s": 0}, "ringing_timer_s"),
        ({"ringing_timer_s": 121}, "ringing_timer_s"),
        ({"length_timer_s": 0}, "length_timer_s"),
        ({"length_timer_s": 7201}, "length_timer_s"),
        ({"length_timer_s": True}, "length_timer_s"),
        ({"machine_detection": "hang up"}, "machine_detection"),
        ({"endpoint": Phone("+31612345678", "12A")}, "dtmf_answer"),
        ({"endpoint": Phone("+31612345678", "")}, "dtmf_answer"),
        ({"endpoint": Sip("")}, "uri"),
        ({"endpoint": Sip("sip:a b@c")}, "uri"),
        ({"endpoint": Sip(f"sip:{LONG}@b")}, "uri"),
        ({"endpoint": Sip("sip:a@b", {"X Y": "z"})}, "headers"),
        ({"endpoint": Sip("sip:a@b", {"X": "z\r\nInjected: 1"})}, "headers"),
        ({"endpoint": Sip("sip:a@b", {"X": "z" * 513})}, "headers"),
        ({"endpoint": Sip("sip:a@b", {"X" * 65: "z"})}, "headers"),
        ({"endpoint": Sip("sip:a@b", {"": "z"})}, "headers"),
        ({"endpoint": Websocket("https://audio.example")}, "uri"),
        ({"endpoint": Websocket(f"wss://{LONG}")}, "uri"),
        ({"endpoint": Websocket("wss://a", "audio/l16;rate=24000")}, "content_type"),
        ({"advanced_detection": AdvancedDetection(beep_timeout_s=44)}, "beep_timeout_s"),
        ({"advanced_detection": AdvancedDetection(beep_timeout_s=121)}, "beep_timeout_s"),
        ({"advanced_detection": AdvancedDetection(mode="beep")}, "mode"),  # type: ignore[arg-type]  # the point
        ({"advanced_detection": AdvancedDetection(behavior="stop")}, "behavior"),  # type: ignore[arg-type]  # likewise
    ],
)
def test_what_the_carrier_would_not_take_names_its_field(changes: dict[str, Any], field: str) -> None:
    """Everything out of bounds is an error before anything is sent, and says where it is."""
    with pytest.raises(InvalidInput) as caught:
        write_call(replace(REQUEST, **changes), ALL)

    assert field == caught.value.field


@pytest.mark.parametrize(
    "changes",
    [
        {"ringing_timer_s": 1, "length_timer_s": 1},
        {"ringing_timer_s": 120, "length_timer_s": 7200},
        {"to": "+1234567"},
        {"to": "+123456789012345"},
        {"endpoint": Sip(f"sip:{LONG}a")},
        {"endpoint": Websocket(f"wss://{LONG[1:]}")},
        {"endpoint": Sip("sip:a@b", {"X" * 64: "z" * 512})},
        {"advanced_detection": AdvancedDetection(beep_timeout_s=120)},
    ],
)
def test_limits_themselves_are_taken(changes: dict[str, Any]) -> None:
    """The least and the most that are allowed are."""
    assert [] == problems_for_vonage("CreateCallRequestAnswerUrl", write_call(replace(REQUEST, **changes), ALL))


def test_advanced_detection_takes_the_place_of_the_basic_one() -> None:
    """With both asked for, only the advanced one is named, with the spelling that the carrier needs."""
    request = replace(
        REQUEST,
        machine_detection="hangup",
        advanced_detection=AdvancedDetection(behavior="continue", mode="detect", beep_timeout_s=45),
    )
    body = write_call(request, ALL)

    assert {"behavior": "continue", "mode": "detect", "beep_timeout": 45} == body["advanced_machine_detection"]
    assert "machine_detection" not in body


@pytest.mark.parametrize("behavior", ["continue", "hangup"])
@pytest.mark.parametrize("mode", ["default", "detect", "detect_beep"])
def test_each_word_for_detection_is_written_as_it_is(behavior: Any, mode: Any) -> None:
    """In the basic one its behavior, in the advanced one its mode as well, and the wait only where one is given."""
    advanced = AdvancedDetection(behavior=behavior, mode=mode)

    assert behavior == write_call(replace(REQUEST, machine_detection=behavior), ALL)["machine_detection"]
    assert {"behavior": behavior, "mode": mode} == write_call(replace(REQUEST, advanced_detection=advanced), ALL)[
        "advanced_machine_detection"
    ]


def test_random_caller_leaves_the_own_one_out() -> None:
    """A caller id that the carrier chooses excludes one of ours."""
    body = write_call(replace(REQUEST, random_from_number=True), ALL)

    assert (True, False) == (body["random_from_number"], "from" in body)
    assert [] == problems_for_vonage("CreateCallRequestAnswerUrl", body)


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (replace(REQUEST, random_from_number=True), "random_from_number"),
        (replace(REQUEST, advanced_detection=AdvancedDetection()), "advanced_detection"),
        (replace(REQUEST, endpoint=Sip("sip:a@b", {"X": "y"})), "headers"),
    ],
)
def test_what_may_not_pass_through_kpn_is_off(request_: CallRequest, field: str) -> None:
    """What KPN does not list is refused with advice until it is allowed, not silently left out."""
    with pytest.raises(InvalidInput, match="allow it in DIALER_CARRIER_EXTRAS") as caught:
        write_call(request_, Dialect())

    assert field == caught.value.field
