"""A call's record is read as it was written, whatever of it there is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dialer.call_record import CallRecord, attempts_in
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
    assert '["+31201234567"]' == CallRecord("+31201234567", None, {}, None, ()).write()
    zoe = '["+31201234567",null,{"name":"Zo\u00eb"},null,["+31612345678"]]'
    assert zoe == CallRecord("+31201234567", None, {"name": "Zo\u00eb"}, None, ("+31612345678",)).write()


def test_all_attempts_of_a_bucket_are_found() -> None:
    """By the tries of each call, of which one that was never tried has none."""
    bucket = {"7": '["+31201234567"]', "7t": '{"n":2}', "8": "[]", "9t": '{"n":0}', "12t": '{"n":1,"busy":1}'}

    assert ["c1-7-1", "c1-7-2", "c1-12-1"] == [*map(str, attempts_in("c1", bucket))]


def test_nothing_is_left_of_an_erased_person() -> None:
    """What the script leaves in its place is read as well."""
    assert CallRecord(ERASED) == CallRecord.read('["erased"]')
