"""The tables of reasons are whole: each refusal of the last look, skip of the claim and way to be held back."""

from __future__ import annotations

import re
from importlib.resources import files
from zoneinfo import ZoneInfo

import pytest

from dialer.clock import moment
from dialer.dialing import Begun
from dialer.explaining.reasons import WORDS, Code, shown_moment, told
from dialer.explaining.rules import HELD_CODES, REFUSALS
from dialer.holding import SPAN, Held, read_held

SKIPS = {
    "if known.tripped and known.tripped > now_ms": Code.BREAKER_OPEN,
    "if up >= (known.tripped and 1 or known.slots or math.huge)": Code.SLOTS_FULL,  # or a probe of the breaker
    "if spent ~= nil": Code.EURO_CAP,
    "if known and not (call[1] and tonumber(call[2]) <= now_ms)": Code.DUE_LATER,
    "if not known or known.expires and known.expires <= now_ms": Code.EXPIRING,
    "if limited": Code.OWN_PACE,  # the last of what `limited_until` looks at
    "if opens and known.cohorts == 1": Code.OUT_OF_HOURS,
    "if not opens or moves_left == 0": Code.OUT_OF_HOURS,
    "parked": Code.OUT_OF_HOURS,
    "if not key": Code.IN_LINE,  # behind the campaigns that were looked at
    "if not id or is_full or tonumber(ARGV[8]) == 0 and at > latest": Code.TRUNK_FULL,  # or no token is left: in line
}
"""Each way in which `claim_due_calls` passes a call over, by the words of its condition."""

LETS_GO = {"if known.pace_at <= at", "if not known.timed", "if opens == false", "if call"}
"""The conditions under which a call is not passed over."""


def _skips() -> set[str]:
    """The conditions under which the script leaves a call, a campaign or a class without a token."""
    text = (files("dialer.lua") / "claim_due_calls.lua").read_text("utf-8")
    body = text[text.index("local function limited_until") : text.index("-- Those for which the token before")]
    lines = [line.strip() for line in body.splitlines()]
    returns = {line[: line.index(" then return")] for line in lines if " then return" in line}
    return returns - LETS_GO | {"parked" for line in lines if "parked(" in line}


def test_every_skip_of_the_claim_has_a_code() -> None:
    """A new way to pass a call over is a new row, and perhaps a new reason."""
    assert SKIPS.keys() == _skips()


def test_every_refusal_of_the_last_look_has_a_code() -> None:
    """A new refusal is a new row, and perhaps a new reason; so is each number that the script returns."""
    text = (files("dialer.lua") / "begin_attempt.lua").read_text("utf-8")
    body = text[text.index("-- include: dialed") :]
    found = re.findall(r"\b(?:return|and) \{?(\d+)\b(?: or (\d+)\b)?|told_of\(.+, (\d+)\)", body)

    assert set(Begun) == {Begun(int(number)) for numbers in found for number in numbers if number}
    assert set(Begun) - {Begun.BEGUN} == REFUSALS.keys()


def test_every_reason_to_be_held_back_has_a_code() -> None:
    """A new reason that scripts write down with a call is a new row."""
    assert set(Held) == HELD_CODES.keys()


def test_every_code_has_its_words() -> None:
    """Each is explained, and has a sentence, with the moment in it where there is one."""
    assert set(Code) == WORDS.keys()
    for row in WORDS.values():
        assert row.about.endswith(".")
        assert row.ends or row.open
        assert not row.ends or "{until}" in row.ends
        assert "{until}" not in row.open


@pytest.mark.parametrize("code", Code)
def test_words_are_whole_sentences(code: Code) -> None:
    """Nothing is left to be filled in, with a moment and, where there may be none, without."""
    moments = [moment(1_800_000_000_000)] if WORDS[code].ends else []
    for until in [*moments, *([None] if WORDS[code].open else [])]:
        words = told(code, until, detail="this", campaign_id="c1").words

        assert words.endswith(".")
        assert not re.search(r"[{}]|None", words)
        assert (until is None) == ("2027-01-15 08:00:00 UTC" not in words)


@pytest.mark.parametrize("held", Held)
def test_what_is_written_down_with_a_call_is_read_again(held: Held) -> None:
    """Reason and moment share one score, exactly."""
    score = float(held * SPAN + 9_999_999_999_999)

    assert (held, 9_999_999_999_999) == read_held(score)


ENDS_OR_NOT = {
    Code.LIVE, Code.PLACING, Code.CLAIMED, Code.OUT_OF_HOURS, Code.NUMBER_UP, Code.BREAKER_OPEN, Code.EURO_CAP,
    Code.TRUNK_STOPPED,
}  # fmt: skip
ALWAYS_ENDS = {
    Code.EXPIRING, Code.DUE_LATER, Code.SPACING, Code.DAY_CAP, Code.WEEK_CAP, Code.PREFIX_SHARE, Code.OWN_PACE,
    Code.GATE_CLOSED, Code.IN_LINE,
}  # fmt: skip


def test_a_reason_has_a_sentence_with_its_end_or_without_or_both() -> None:
    """Those of which nobody knows when they end say what to do, or what they wait for."""
    assert ENDS_OR_NOT | ALWAYS_ENDS == {code for code, row in WORDS.items() if row.ends}
    assert {*Code} - ALWAYS_ENDS == {code for code, row in WORDS.items() if row.open}


def test_reasons_are_told_by_these_codes() -> None:
    """Whoever reads them by machine knows them; each is its own name."""
    assert [code.name.lower() for code in Code] == [str(code) for code in Code]


@pytest.mark.parametrize(
    ("milliseconds", "shown", "by_then"),
    [(0, "08:00:00", "08:00:00"), (1, "08:00:00", "08:00:01"), (999, "08:00:00", "08:00:01")],
)
def test_a_moment_is_told_in_whole_seconds(milliseconds: int, shown: str, by_then: str) -> None:
    """The second that has begun is counted where something is to come; in UTC, whatever zone it is given in."""
    at = moment(1_800_000_000_000 + milliseconds)
    amsterdam = at.astimezone(ZoneInfo("Europe/Amsterdam"))

    assert f"2027-01-15 {shown} UTC" == shown_moment(at) == shown_moment(amsterdam)
    assert f"Not due before 2027-01-15 {by_then} UTC." == told(Code.DUE_LATER, at).words
    assert at == told(Code.DUE_LATER, at).until


def test_what_is_not_given_leaves_nothing_in_the_words() -> None:
    """No detail, no campaign, no moment."""
    assert "The campaign is paused: go on with `dialer campaign resume `." == told(Code.PAUSED).words
    assert (Code.LIVE, None) == (told(Code.LIVE).code, told(Code.LIVE).until)
