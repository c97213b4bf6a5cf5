"""What the doctor's pure judges say: spelling, clocks, hosts, answers to the probe, a test call's end."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dialer.doctor import reach, test_call
from dialer.doctor.clocks import judged as judged_clock
from dialer.doctor.finding import State
from dialer.doctor.variables import misspelt
from dialer.settings import Settings

EVENTS = ("started", "ringing", "answered", "answer_fetched", "completed")
PROOF = "f" * 64


def test_misspelt_variables_are_named_with_the_nearest_setting() -> None:
    """A variable that looks like a setting and is none is named, with what was probably meant."""
    finding = misspelt(["DIALER_REDIS_ULR", "PATH", "DIALER_PORT", "dialer_host"])

    assert (State.WARNING, "DIALER_REDIS_ULR: did you mean DIALER_REDIS_URL?") == (finding.state, finding.advice)


def test_known_variables_are_well() -> None:
    """Settings in any case of letters, and other programs' variables, are no mistake."""
    assert State.OK is misspelt(["PATH", "DIALER_PORT", "dialer_host", "OTHER_DIALER_X"]).state


@pytest.mark.parametrize(
    ("offset_s", "state"),
    [(0.0, State.OK), (-0.9, State.OK), (1.1, State.WARNING), (-59.0, State.WARNING), (61.0, State.FAILED)],
)
def test_clocks_may_differ_a_little(offset_s: float, state: State) -> None:
    """A second is nothing, a minute too much, in either direction."""
    assert state is judged_clock(offset_s, "apart", near_s=1.0).state


@pytest.mark.parametrize(
    ("host", "addresses", "state"),
    [
        ("d.test", ["203.0.114.7"], State.OK),
        ("203.0.114.7", ["203.0.114.7"], State.OK),
        ("10.0.0.1", ["10.0.0.1"], State.FAILED),
        ("::1", ["::1"], State.FAILED),
        ("d.test", ["192.168.1.4"], State.WARNING),
        ("d.test", [], State.FAILED),
    ],
)
def test_host_must_be_public(host: str, addresses: list[str], state: State) -> None:
    """A private address fails; a name that leads to one from here may have another outside."""
    assert state is reach._judged_host(f"https://{host}", host, addresses).state


@pytest.mark.parametrize(
    ("status", "body", "location", "words"),
    [
        (200, {"proof": "0" * 64}, "", "another webhook secret"),
        (200, {"proof": 7}, "", "another webhook secret"),
        (200, ["proof"], "", "somebody else"),
        (200, "hello", "", "somebody else"),
        (301, "", "https://elsewhere.test", "leads elsewhere"),
        (404, {"type": "/problems/not-found"}, "", "another Redis"),
        (404, "<html>", "", "somebody else"),
        (502, "", "", "answers 502"),
    ],
)
def test_wrong_answer_to_the_probe_says_who_answers(status: int, body: object, location: str, words: str) -> None:
    """Each wrong answer tells what is there instead of this dialer."""
    raw = body if isinstance(body, str) else json.dumps(body)
    found = reach.judged(reach.Reply(status, raw.encode(), location), PROOF, "GET https://d.test")

    assert found is not None
    assert words in found.found


def test_right_answer_to_the_probe_is_no_trouble() -> None:
    """The proof in a success is all that is asked for."""
    assert reach.judged(reach.Reply(200, json.dumps({"proof": PROOF}).encode()), PROOF, "GET") is None


@pytest.mark.parametrize(
    ("language", "spoken"), [("nl-NL", "nl-NL"), ("nl-BE", "nl-BE"), ("de-DE", "de-DE"), ("pl-PL", "en-GB")]
)
def test_test_call_speaks_a_language_it_has_a_text_for(language: str, spoken: str) -> None:
    """The default language is spoken where there is a text for it, else English."""
    body = test_call.body(Settings(default_language=language), "+31612345678")

    assert (spoken, "urgent") == (body["script"]["language"], body["priority"])


def _call(disposition: str | None, *kinds: str, state: str = "done") -> dict[str, Any]:
    attempts = [{"result": "placed", "events": [{"kind": kind} for kind in kinds]}]
    return {"id": "c-1", "number": "+31612345678", "state": state, "disposition": disposition, "attempts": attempts}


@pytest.mark.parametrize(
    ("disposition", "kinds", "state"),
    [
        ("answered", EVENTS, State.OK),
        ("machine", EVENTS, State.OK),
        ("busy", ("started", "busy"), State.WARNING),
        ("no_answer", ("started", "ringing", "timeout"), State.WARNING),
        ("failed", ("started", "failed"), State.FAILED),
        ("invalid_number", ("started",), State.FAILED),
        ("answered", ("started", "answered", "completed"), State.FAILED),
        ("answered", ("listed",), State.FAILED),
        ("undetermined", ("given_up",), State.FAILED),
    ],
)
def test_end_of_the_test_call_is_judged(disposition: str, kinds: tuple[str, ...], state: State) -> None:
    """Heard is well, not picked up a warning; without webhooks, or without its text asked for, it failed."""
    finding = test_call.judged(_call(disposition, *kinds))

    assert (state, True) == (finding.state, disposition in finding.found)
    assert "+31612345678" not in finding.found


def test_call_without_webhooks_points_at_the_public_address() -> None:
    """A call of which only the carrier's list told says what to look at."""
    finding = test_call.judged(_call("answered", "listed"))

    assert ("webhooks: none" in finding.found, "reached from outside" in finding.advice) == (True, True)


@pytest.mark.parametrize(("state", "words"), [("waiting", "`workers`"), ("live", "webhooks do not arrive")])
def test_call_that_does_not_end_says_where_to_look(state: str, words: str) -> None:
    """One that nobody placed points at the workers, one that tells nothing at the webhooks."""
    finding = test_call.unended(_call(None, state=state))

    assert (State.FAILED, True) == (finding.state, words in finding.advice)
