"""Applications as the carrier shows them, in both of its generations, and lists of them."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.providers.assets import Application, Webhook
from dialer.providers.kpn.application_answers import ApplicationPaging, parse_application

PAYLOADS = Path(__file__).parents[1] / "data/payloads/python/application"
OLDER = {
    "id": "a-1",
    "name": "Notices",
    "voice": {
        "webhooks": [
            {"endpoint_type": "answer_url", "endpoint": "https://d.test/answer", "http_method": "GET"},
            {"endpoint_type": "event_url", "endpoint": "https://d.test/event", "http_method": "post"},
        ]
    },
    "keys": {"public_key": "PEM"},
    "_links": {"self": {"href": "/v1/applications/a-1"}},
}
READ = Application(
    id="a-1",
    name="Notices",
    answer=Webhook("https://d.test/answer", "GET"),
    event=Webhook("https://d.test/event", "POST"),
    capabilities=frozenset({"voice"}),
    public_key="PEM",
)


def misspelt(record: dict[str, Any]) -> dict[str, Any]:
    """The same with the specification's own misspelling, and `uuid` for `id`."""
    text = json.dumps(record).replace("endpoint_type", "enpoint_type").replace('"id"', '"uuid"')
    misspelling: dict[str, Any] = json.loads(text)
    return misspelling


@pytest.mark.parametrize("record", [OLDER, misspelt(OLDER)])
def test_older_generation_is_read(record: dict[str, Any]) -> None:
    """KPN's form, with a list of webhooks, also as its specification misspells it."""
    assert READ == parse_application(record)


def test_todays_generation_is_read() -> None:
    """Today's form, with capabilities, among which voice has three webhooks."""
    found = parse_application(json.loads((PAYLOADS / "create_application_options.json").read_text()))

    assert (
        Application(
            id="33e3329f-d1cc-48f3-9105-55e5a6e475c1",
            name="My Customised Application",
            answer=Webhook("https://example.com/answer", "POST"),
            event=Webhook("https://example.com/event", "POST"),
            fallback=Webhook("https://example.com/fallback", "POST"),
            capabilities=frozenset({"voice", "rtc", "messages", "verify", "vbc"}),
            public_key="PUBLIC_KEY_PEM_REDACTED",
        )
        == found
    )


def test_keys_are_not_shown() -> None:
    """A private key that came once is there, and in no text of the record."""
    found = parse_application(json.loads((PAYLOADS / "create_application_basic.json").read_text()))

    assert found is not None
    assert "PRIVATE_KEY_PEM_REDACTED" == found.private_key
    assert "PEM" not in repr(found)


@pytest.mark.parametrize("record", [None, [], "x", {}, {"id": ""}, {"id": 7}, {"name": "x"}])
def test_what_has_no_id_is_no_application(record: object) -> None:
    """Without an id there is no application."""
    assert parse_application(record) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(st.dictionaries(st.sampled_from(["name", "voice", "capabilities", "keys"]), JSON))
def test_any_record_with_an_id_is_read(record: dict[str, Any]) -> None:
    """Nothing that stands in the other fields keeps an application from being read."""
    found = parse_application({"id": "a-1", **record})

    assert found is not None
    assert "a-1" == found.id


@given(JSON, JSON)
def test_any_page_ends_or_goes_on(embedded: Any, links: Any) -> None:
    """No page, whatever it holds, breaks the walk; one without anything new ends it."""
    paging = ApplicationPaging()

    assert [] == paging.take({"_embedded": embedded, "_links": links})
    assert paging.query is None


def page(*ids: str, **more: Any) -> dict[str, Any]:
    """A page of a list."""
    return {"_embedded": {"applications": [{"id": each} for each in ids]}, **more}


def test_walk_goes_on_by_index() -> None:
    """Without links the next index is asked for, until as many were seen as there are, each once."""
    paging = ApplicationPaging()
    queries, seen = [paging.query], [found.id for found in paging.take(page("a", "b", count=3))]
    queries.append(paging.query)
    seen += [found.id for found in paging.take(page("b", "c", count=3))]

    assert ["a", "b", "c"] == seen
    assert ["0", "1"] == [query["page_index"] for query in queries if query]
    assert paging.query is None


def test_walk_ends_where_nothing_is_new() -> None:
    """A list that repeats itself is left."""
    paging = ApplicationPaging()
    paging.take(page("a"))
    paging.take(page("a"))

    assert paging.query is None


def test_walk_follows_the_query_of_a_link_alone() -> None:
    """Host, path and everything but the paging of a link are the supplier's own affair."""
    paging = ApplicationPaging()
    href = "https://elsewhere.test/v2/applications?page_size=3&page=2&api_secret=x"
    paging.take(page("a", total_items=10, _links={"next": {"href": href}}))

    assert {"page_size": "3", "page": "2"} == paging.query


def test_broken_link_is_as_none() -> None:
    """A link that is no URL does not end the walk."""
    paging = ApplicationPaging()
    paging.take(page("a", _links={"next": {"href": "https://[broken?page=2"}}))

    assert {"page_size": "100", "page_index": "1"} == paging.query


def test_walk_ends_by_either_count() -> None:
    """The one of today goes before that of the older generation."""
    ends = [
        paging.query is None
        for more in ({"count": 1}, {"total_items": 1}, {"total_items": 1, "count": 9}, {"total_items": 9, "count": 1})
        if [] != (paging := ApplicationPaging()).take(page("a", **more))
    ]

    assert [True, True, True, False] == ends


def test_all_that_a_link_says_of_paging_is_kept() -> None:
    """In the words of either generation, with our own size where it says none."""
    paging = ApplicationPaging()
    paging.take(page("a", _links={"next": {"href": "/v1/applications?page_index=4&record_index=5&order=asc"}}))

    assert {"page_size": "100", "page_index": "4", "record_index": "5"} == paging.query


def test_what_cannot_be_an_address_or_a_key_is_left_out() -> None:
    """Too long, empty or not printable; the longest that may be is read."""
    longest = "https://d.test/" + "a" * (2048 - 15)
    hooks = [
        {"endpoint_type": kind, "endpoint": url, "http_method": None}
        for kind, url in (
            ("answer_url", longest), ("event_url", f"{longest}a"), ("fallback_answer_url", "https://d.test/\n")
        )
    ]  # fmt: skip
    found = parse_application({"id": "a", "voice": {"webhooks": hooks}, "keys": {"public_key": "k" * 8192}})
    too_long = parse_application({"id": "a", "keys": {"public_key": "k" * 8193, "private_key": ""}})

    assert found is not None
    assert (Webhook(longest, ""), None, None) == (found.answer, found.event, found.fallback)
    assert "k" * 8192 == found.public_key
    assert Application(id="a", name="") == too_long


def test_products_are_told_in_either_generation() -> None:
    """By their own fields, or as a list of capabilities; what is there and empty is none."""
    names = ("voice", "messages", "rtc", "verify", "vbc")
    older = parse_application({"id": "a", **dict.fromkeys(names, "on"), "other": "on"})
    empty = parse_application({"id": "a", **dict.fromkeys(names, "")})

    assert older is not None
    assert empty is not None
    assert (frozenset(names), frozenset()) == (older.capabilities, empty.capabilities)
