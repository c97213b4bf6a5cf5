"""The request that follows from a campaign's terms, and how long its call may last."""

from __future__ import annotations

import pytest

from dialer.model import Terms
from dialer.providers.base import AdvancedDetection, CallRequest, Phone, Sip
from dialer.settings import Settings
from dialer.terms import longest_call_s, request_for, trial_requests

SETTINGS = Settings(
    from_number="+31207654321", ringing_timer_s=40, length_timer_s=500, public_url="https://dialer.example"
)
TO = Phone("+31612345678")
OWN = {"ringing_timer_s": 20, "length_timer_s": 90}


def _request(terms: Terms) -> CallRequest:
    return request_for(TO, "+31201234567", "https://dialer.example/webhooks/t", terms, SETTINGS)


def test_a_request_has_what_all_calls_have() -> None:
    """Whom to call from where, what to ask, and the timers that are set for all."""
    assert CallRequest(
        endpoint=TO,
        from_="+31201234567",
        answer_url="https://dialer.example/webhooks/t/answer",
        event_url="https://dialer.example/webhooks/t/event",
        ringing_timer_s=40,
        length_timer_s=500,
    ) == _request(Terms())


@pytest.mark.parametrize(
    ("fields", "basic", "advanced"),
    [
        ({"machine_detection": "hangup"}, "hangup", None),
        ({"advanced_mode": "detect"}, None, AdvancedDetection(mode="detect")),
        (
            {"machine_detection": "hangup", "advanced_mode": "detect_beep", "beep_timeout_s": 60},
            None,
            AdvancedDetection(behavior="hangup", mode="detect_beep", beep_timeout_s=60),
        ),
    ],
)
def test_a_campaign_has_terms_of_its_own(
    fields: dict[str, str | int], basic: str | None, advanced: AdvancedDetection | None
) -> None:
    """Timers, who chooses the caller id, and one of the two ways to tell a machine."""
    request = _request(Terms(random_caller_id=True, **OWN, **fields))  # type: ignore[arg-type]  # plain values

    assert (20, 90, True) == (request.ringing_timer_s, request.length_timer_s, request.random_from_number)
    assert (basic, advanced) == (request.machine_detection, request.advanced_detection)


@pytest.mark.parametrize(
    ("fields", "seconds"), [({}, 540), ({"ringing_timer_s": 20}, 520), ({"length_timer_s": 90}, 130), (OWN, 110)]
)
def test_a_call_is_over_by_then(fields: dict[str, int], seconds: int) -> None:
    """Ringing and talking together: for so long a number whose call nobody knows of is not called again."""
    assert seconds == longest_call_s(Terms(**fields), SETTINGS)  # type: ignore[arg-type]  # plain values


def test_terms_are_tried_out_on_each_caller_id() -> None:
    """To whom they are meant, or to anybody."""
    sip = Sip("sip:desk@pbx.example.com")
    tried = trial_requests(Terms(caller_ids=("+31201", "+31202")), sip, SETTINGS)

    assert [("+31201", sip), ("+31202", sip)] == [(one.from_, one.callee) for one in tried]
    assert {"https://dialer.example/answer"} == {one.answer_url for one in tried}
    nobody = Settings(from_number=None)
    for settings, from_ in ((SETTINGS, "+31207654321"), (nobody, "+31201234567")):
        (one,) = trial_requests(Terms(), None, settings)
        assert (from_, Phone("+31201234567")) == (one.from_, one.callee)
