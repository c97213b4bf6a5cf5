"""Every published example of a request or an answer, file by file: we read each answer, and write each request."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dialer.providers.base import AdvancedDetection, Phone, Placed
from dialer.providers.kpn import Dialect
from dialer.providers.kpn.answers import Answer, describe
from dialer.providers.kpn.application_answers import ApplicationPaging, parse_application
from dialer.providers.kpn.calls import Paging, parse_call
from dialer.providers.kpn.orders import write_order
from dialer.providers.kpn.outcomes import outcome_of
from dialer.providers.kpn.placing import write_call
from dialer.providers.steering import Order, SendDigits, StartStream, StartTalk, Transfer
from tests.fakes.kpn_gateway import REQUEST

PAYLOADS = Path(__file__).parents[1] / "data/payloads"
FOLDERS = ("dotnet/rest", "php/rest", "python/voice", "python/application")
NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
UUID = "63f61863-4a51-4f6b-86e1-46edebcf9356"
GENUINE = ["e154eb57-2962-41e7-baf4-90f63e25e439", "1acdf499-83ae-4861-a694-9e47a98c505d"]
TODAY = Dialect(generation="today", allow_inline_ncco=True)


def placed(body: dict[str, Any]) -> str:
    """The id of the call that an answer says was placed."""
    result = outcome_of(Answer(201, {}, json.dumps(body).encode()), now=NOON)
    assert isinstance(result, Placed)
    return result.uuid


def call(body: dict[str, Any]) -> str:
    """The id of one call."""
    found = parse_call(body)
    assert found is not None
    return found.uuid


def calls(body: dict[str, Any]) -> list[str]:
    """The ids of a page of calls."""
    return [found.uuid for found in Paging(NOON, NOON).take(body)]


def application(body: dict[str, Any]) -> str:
    """The name of an application."""
    found = parse_application(body)
    assert found is not None
    return found.name


def applications(body: dict[str, Any]) -> list[str]:
    """The names of a page of applications."""
    return [found.name for found in ApplicationPaging().take(body)]


def error(body: dict[str, Any]) -> str:
    """What a person is told of an error."""
    return describe(Answer(400, {}, json.dumps(body).encode()))


def done(body: dict[str, Any]) -> tuple[str, bool]:
    """What a person would be told of a done order, and whether the example names a call; our client needs neither."""
    return describe(Answer(200, {}, json.dumps(body).encode())), "uuid" in body


Reader = Callable[[dict[str, Any]], Any]
ANSWERS: list[tuple[str, Reader, Any]] = [
    ("dotnet/rest/CreateCall-response", placed, UUID),
    ("dotnet/rest/GetSpecificCall-response", call, UUID),
    ("dotnet/rest/ListCalls-response", calls, [UUID]),
    ("dotnet/rest/StartDtmf-response", done, ("HTTP 200: DTMF sent", True)),
    ("dotnet/rest/StartStream-response", done, ("HTTP 200: Stream started", True)),
    ("dotnet/rest/StartTalk-response", done, ("HTTP 200: Talk started", True)),
    ("dotnet/rest/StopStream-response", done, ("HTTP 200: Stream stopped", True)),
    ("dotnet/rest/StopTalk-response", done, ("HTTP 200: Talk stopped", True)),
    ("php/rest/call", call, UUID),
    ("php/rest/create-outbound-call-success", placed, "e46fd8bd-504d-4044-9600-26dd18b41111"),
    ("php/rest/dtmf", done, ("HTTP 200: DTMF sent", True)),
    ("php/rest/error_unknown_format", error, "HTTP 400: Unexpected error"),
    (
        "php/rest/error_vapi",
        error,
        "HTTP 400: Bad Request; number: can contain up to 15 digits prefixed with +",
    ),
    ("php/rest/search", calls, [UUID]),
    ("php/rest/stream", done, ("HTTP 200: Stream started", True)),
    ("php/rest/stream-stopped", done, ("HTTP 200: Stream stopped", True)),
    ("php/rest/talk", done, ("HTTP 200: Talk started", True)),
    ("php/rest/talk-stopped", done, ("HTTP 200: Talk stopped", True)),
    ("python/application/create_application_basic", application, "My Application"),
    ("python/application/create_application_options", application, "My Customised Application"),
    ("python/application/get_application", application, "My Server Demo"),
    ("python/application/list_applications_basic", applications, ["dev-application"]),
    (
        "python/application/list_applications_multiple_pages",
        applications,
        ["dev-application", "My Test Server Application", "test-application"],
    ),
    ("python/application/update_application", application, "My Updated Application"),
    ("python/voice/create_call", placed, "106a581a-34d0-432a-a625-220221fd434f"),
    ("python/voice/get_call", call, GENUINE[0]),
    ("python/voice/list_calls", calls, [*GENUINE, "106a581a-34d0-432a-a625-220221fd434f"]),
    ("python/voice/list_calls_filter", calls, GENUINE[1:]),
    ("python/voice/play_audio_into_call", done, ("HTTP 200: Stream started", True)),
    ("python/voice/play_dtmf_into_call", done, ("HTTP 200: DTMF sent", True)),
    ("python/voice/play_tts_into_call", done, ("HTTP 200: Talk started", True)),
    ("python/voice/stop_audio_stream", done, ("HTTP 200: Stream stopped", True)),
    ("python/voice/stop_tts", done, ("HTTP 200: Talk stopped", True)),
]
ORDERS: list[tuple[str, Order]] = [
    ("dotnet/rest/StartDtmf-request", SendDigits("1234")),
    ("dotnet/rest/StartStream-request", StartStream("https://example.com/waiting.mp3", 0, 0.4)),
    ("dotnet/rest/StartTalk-request", StartTalk("Hello. How are you today?", "en-US", 1, True, 0, 0.4)),  # noqa: FBT003 - premium
    ("dotnet/rest/UpdateCall-request", Transfer("https://example.com/ncco.json")),
    ("dotnet/rest/UpdateCall-request", Transfer([{"action": "talk", "text": "Hello World"}])),
]
CALLS = ["dotnet/rest/CreateCall-request", "dotnet/rest/CreateCallAsyncWithRandomFromNumber-request"]
NOT_KPNS = ["dotnet/rest/SubscribeRealTimeDtmf-request"]
"""Listening for keys during a call is Vonage's own addition; KPN's list of paths lacks it (REFERENCE 2.3)."""


def payload(path: str) -> Any:
    """A published example."""
    return json.loads((PAYLOADS / f"{path}.json").read_text())


def is_within(ours: Any, example: Any) -> bool:
    """Whether all that we write stands in the example; it may hold more, such as two ways at once to say one thing."""
    if isinstance(ours, dict):
        return isinstance(example, dict) and all(
            name in example and is_within(value, example[name]) for name, value in ours.items()
        )
    return bool(ours == example)


@pytest.mark.parametrize(("path", "read", "expected"), ANSWERS)
def test_answer_is_read(path: str, read: Reader, expected: Any) -> None:
    """Every published answer of the carrier is understood."""
    assert expected == read(payload(path))


@pytest.mark.parametrize(("path", "order"), ORDERS)
def test_order_is_written_as_published(path: str, order: Order) -> None:
    """Every published order to a live call is one that we write in the same words."""
    body = write_order(order, TODAY).body

    assert body
    assert is_within(dict(body), payload(path))


@pytest.mark.parametrize("path", CALLS)
def test_call_is_written_as_published(path: str) -> None:
    """Every published request for a call is one that we write in the same words; what is left out is named."""
    example = payload(path)
    request = replace(
        REQUEST,
        endpoint=Phone(example["to"][0]["number"], example["to"][0]["dtmfAnswer"]),
        answer_url=example["answer_url"][0],
        event_url=example["event_url"][0],
        ringing_timer_s=example["ringing_timer"],
        length_timer_s=example["length_timer"],
        random_from_number=example["random_from_number"],
        machine_detection=example["machine_detection"],
        advanced_detection=advanced(example.get("advanced_machine_detection")),
    )
    body = write_call(request, Dialect(allow_advanced=True, allow_random_from=True))

    assert is_within(body, example)
    # An NCCO excludes an answer address, a random caller one of ours, and advanced detection the basic one.
    assert example.keys() - body.keys() <= {"ncco", "from", "machine_detection"}


def advanced(example: dict[str, Any] | None) -> AdvancedDetection | None:
    """The same detection in our words."""
    if example is None:
        return None
    return AdvancedDetection(behavior=example["behavior"], mode=example["mode"], beep_timeout_s=example["beep_timeout"])


def test_every_example_is_a_case() -> None:
    """No published example is left out."""
    files = {path.relative_to(PAYLOADS).with_suffix("").as_posix() for path in PAYLOADS.rglob("*.json")}
    expected = {each for each in files if each.startswith(FOLDERS)}

    assert expected == {path for path, *_ in (*ANSWERS, *ORDERS)} | {*CALLS, *NOT_KPNS}
