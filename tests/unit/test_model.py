"""Ids of calls and attempts: written and read back, and nothing else taken for one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.model import AttemptRef, CallRef

NO_CALLS = (
    "", "c1", "c1-", "-1", "c1-0", "c1-01", "c1--", "c1-x", "c1-1 ", "c1-1.5", "c1-+1", "c1-\u0661", "c1-\u00b2",
    "c1-1e3", "c1-" + "9" * 13, "1",
)  # fmt: skip
refs = st.builds(CallRef, st.text(min_size=1, max_size=20), st.integers(1, 10**12 - 1))


@given(ref=refs)
def test_a_calls_id_reads_back(ref: CallRef) -> None:
    """Any call's id is read as that call, whatever its campaign is named."""
    assert ref == CallRef.parse(str(ref))


@given(ref=st.builds(AttemptRef, refs, st.integers(1, 10**12 - 1)))
def test_an_attempts_id_reads_back(ref: AttemptRef) -> None:
    """Any attempt's id is read as that attempt."""
    assert ref == AttemptRef.parse(str(ref))


@given(text=st.text(max_size=30))
def test_what_reads_as_an_id_writes_as_it_was(text: str) -> None:
    """An id has one spelling: text either is it or is none."""
    assert CallRef.parse(text) is None or text == str(CallRef.parse(text))
    assert AttemptRef.parse(text) is None or text == str(AttemptRef.parse(text))


@pytest.mark.parametrize("text", NO_CALLS)
def test_odd_text_is_no_call(text: str) -> None:
    """Zero, signs, spaces, other scripts' digits and numbers too long name no call and no attempt of one."""
    assert None is CallRef.parse(text)
    assert None is AttemptRef.parse(f"{text}-1")


def test_campaign_names_may_hold_a_dash() -> None:
    """The last parts are the numbers; the built-in campaigns have a dash in their names."""
    assert AttemptRef(CallRef("direct-urgent", 7), 2) == AttemptRef.parse("direct-urgent-7-2")
