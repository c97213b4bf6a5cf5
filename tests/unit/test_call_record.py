"""A call's record is read as it was written, whatever of it there is."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from dialer.call_record import CallRecord
from dialer.model import ERASED

words = st.text(min_size=1, max_size=20)
records = st.builds(
    CallRecord,
    number=words,
    external_id=st.none() | words,
    variables=st.none() | st.dictionaries(words, words, min_size=1),
    own=st.none() | st.just({"kind": "notification", "script": {}, "terms": {}, "endpoint": {}}),
    others=st.lists(words, max_size=4).map(tuple),
    timezone=st.none() | st.sampled_from(["Europe/Amsterdam", "Asia/Kolkata"]),
)


@given(records)
def test_a_record_is_read_as_it_was_written(record: CallRecord) -> None:
    """Nothing gets lost, and no part is taken for another."""
    assert record == CallRecord.read(record.write())
    assert [record.number, *record.others] == list(record.numbers)


def test_what_is_none_takes_no_room() -> None:
    """Most calls have a number and no more."""
    assert ["+31201234567"] == json.loads(CallRecord("+31201234567", None, {}, None, ()).write())


def test_nothing_is_left_of_an_erased_person() -> None:
    """What the script leaves in its place is read as well."""
    assert CallRecord(ERASED) == CallRecord.read('["erased"]')
