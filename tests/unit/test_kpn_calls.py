"""The carrier's own record of calls: objects of both shapes, and lists under both readings of their index."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.dispositions import Fact
from dialer.providers.base import CarrierCall
from dialer.providers.kpn.calls import Paging, parse_call

PAYLOADS = Path(__file__).parents[1] / "data/payloads"
SINCE, UNTIL = datetime(2026, 1, 31, 12, 0, tzinfo=UTC), datetime(2026, 1, 31, 12, 5, tzinfo=UTC)


def payload(path: str) -> Any:
    """A recorded answer."""
    return json.loads((PAYLOADS / f"{path}.json").read_text())


@pytest.mark.parametrize("path", ["php/rest/call", "dotnet/rest/GetSpecificCall-response"])
def test_call_is_the_same_with_arrays_and_objects(path: str) -> None:
    """Numbers in arrays (KPN's specification) and in objects (real answers), and the 2018 notation of times."""
    call = parse_call(payload(path))

    assert (
        CarrierCall(
            uuid="63f61863-4a51-4f6b-86e1-46edebcf9356",
            to="447700900000",
            from_="447700900001",
            facts=frozenset({Fact.STARTED}),
            figures={
                "duration_s": 60,
                "rate": "0.39",
                "price": "23.40",
                "network": "65512",
                "direction": "outbound",
                "start_time": "2020-01-01T12:00:00.000Z",
                "end_time": "2020-01-01T12:00:00.000Z",
            },
            started_at=datetime(2020, 1, 1, 12, 0, tzinfo=UTC),
        )
        == call
    )


def test_genuine_call_is_read() -> None:
    """A genuine answer of 2024, with times to the millisecond, is a call that was talked on."""
    call = parse_call(payload("python/voice/get_call"))

    assert call is not None
    assert ("1234567890", "9876543210", {Fact.COMPLETED, Fact.TALKED}) == (call.to, call.from_, set(call.facts))
    assert (2, "0.00333333") == (call.figures["duration_s"], call.figures["price"])


@pytest.mark.parametrize("endpoint", [[], None, {}, "", 7, [None]])
def test_endpoint_without_a_number_is_empty(endpoint: object) -> None:
    """No endpoint, or an unreadable one, has no address, and the call is read all the same."""
    call = parse_call({"uuid": "u", "to": endpoint, "from": endpoint, "status": "hovering"})

    assert CarrierCall(uuid="u", to="", from_="", facts=frozenset()) == call


@pytest.mark.parametrize("uri", ["sip:desk@pbx.example.com", "wss://audio.example.com/in"])
def test_other_endpoints_are_known_by_their_uri(uri: str) -> None:
    """A call to a SIP address or a websocket has its URI, in an array or not, so that it can be found again."""
    call = parse_call({"uuid": "u", "to": [{"type": "sip", "uri": uri}], "from": {"type": "phone", "number": "31201"}})

    assert call is not None
    assert (uri, "31201") == (call.to, call.from_)


@pytest.mark.parametrize("number", ["+31612345678", "31612345678", 31612345678])
def test_number_is_digits(number: object) -> None:
    """Numbers come out as digits without a plus."""
    call = parse_call({"uuid": "u", "to": {"number": number}})

    assert call is not None
    assert "31612345678" == call.to


@pytest.mark.parametrize("record", [None, [], "x", {}, {"uuid": ""}, {"uuid": None}, {"uuid": 7}])
def test_what_has_no_id_is_no_call(record: object) -> None:
    """Without a uuid there is no call."""
    assert parse_call(record) is None


def walk(paging: Paging, server: "Server") -> list[str]:
    """Follow a list to its end and return the uuids in the order in which they came."""
    found = []
    while paging.query is not None:
        found += [call.uuid for call in paging.take(server.page(paging.query))]
    return found


class Server:
    """The carrier's list, under either reading of `record_index`, with or without links and counts."""

    def __init__(self, size: int, *, index_is_row: bool, has_links: bool, has_count: bool, page_size: int) -> None:
        self.calls = [{"uuid": str(number)} for number in range(size)]
        self.index_is_row, self.has_links, self.has_count = index_is_row, has_links, has_count
        self.page_size = page_size
        self.asked: list[dict[str, str]] = []

    def page(self, query: dict[str, str]) -> dict[str, Any]:
        """One page, with a link that leads elsewhere but for its query."""
        self.asked.append(query)
        index = int(query["record_index"])
        first = index if self.index_is_row else index * self.page_size
        calls = self.calls[first : first + self.page_size]
        answer: dict[str, Any] = {
            "record_index": index,
            "_embedded": {"calls": calls},
            "_links": {"self": {"href": "/"}},
        }
        following = index + (self.page_size if self.index_is_row else 1)
        if self.has_links and first + self.page_size < len(self.calls):
            answer["_links"]["next"] = {"href": f"https://elsewhere.test/v1/calls?page_size=9&record_index={following}"}
        return answer | ({"count": len(self.calls)} if self.has_count else {})


@given(
    size=st.integers(0, 60),
    index_is_row=st.booleans(),
    has_links=st.booleans(),
    has_count=st.booleans(),
    page_size=st.integers(1, 12),
)
def test_list_is_walked_once_under_every_reading(
    *, size: int, index_is_row: bool, has_links: bool, has_count: bool, page_size: int
) -> None:
    """Each call comes out once and none is missed, and the walk ends soon after the last."""
    server = Server(size, index_is_row=index_is_row, has_links=has_links, has_count=has_count, page_size=page_size)

    assert [str(number) for number in range(size)] == walk(Paging(SINCE, UNTIL), server)
    assert len(server.asked) <= size // page_size + 3


def test_walk_names_its_span_and_keeps_it() -> None:
    """Every request of a walk carries the span of time, whatever the links leave out."""
    server = Server(30, index_is_row=False, has_links=True, has_count=True, page_size=10)
    walk(Paging(SINCE, UNTIL), server)
    span = {"date_start": "2026-01-31T12:00:00.000Z", "date_end": "2026-01-31T12:05:00.000Z"}

    assert [span] * 3 == [{name: query[name] for name in span} for query in server.asked]
    assert {"page_size": "100", "order": "asc", "record_index": "0"} == {
        name: value for name, value in server.asked[0].items() if name not in span
    }
    assert "9" == server.asked[1]["page_size"]


def test_walk_goes_on_behind_the_last_link() -> None:
    """Where a page has no link, the next is the one behind that which the link before had named."""
    paging = Paging(SINCE, UNTIL)
    link = {"_links": {"next": {"href": "https://elsewhere.test/v1/calls?record_index=7"}}}
    asked = []
    for number, links in enumerate([link, {}, {}]):
        paging.take({"_embedded": {"calls": [{"uuid": f"u{number}"}, {"uuid": f"v{number}"}]}} | links)
        asked.append((paging.query or {})["record_index"])

    assert ["7", "8", "9"] == asked


@pytest.mark.parametrize(
    "path", ["php/rest/search", "dotnet/rest/ListCalls-response", "python/voice/list_calls_filter"]
)
def test_list_that_only_repeats_itself_ends(path: str) -> None:
    """A server that gives the same page for ever, and claims more, is left after the second time."""
    paging, page, pages = Paging(SINCE, UNTIL), payload(path), 0
    while paging.query is not None:
        paging.take(page)
        pages += 1

    assert 2 == pages


def test_walk_goes_on_from_where_a_link_has_led() -> None:
    """Also where the page behind it has none."""
    paging = Paging(SINCE, UNTIL)
    asked = []
    for uuid, href in (("1", "/v1/calls?record_index=40"), ("2", None)):
        paging.take({"_embedded": {"calls": [{"uuid": uuid}]}, "_links": {"next": {"href": href}}})
        asked.append((paging.query or {})["record_index"])

    assert ["40", "41"] == asked


def test_complete_list_is_asked_for_once() -> None:
    """When as many calls were seen as there are, no further page is asked for."""
    paging = Paging(SINCE, UNTIL)
    calls = paging.take(payload("python/voice/list_calls"))

    assert (3, None) == (len(calls), paging.query)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(page=st.dictionaries(st.sampled_from(["count", "_links", "_embedded", "record_index"]), JSON), link=st.text())
def test_any_page_is_survived(page: dict[str, Any], link: str) -> None:
    """A page that holds anything at all gives no calls and ends the walk."""
    paging = Paging(SINCE, UNTIL)

    assert [] == paging.take({"_links": {"next": {"href": link}}} | page)
    assert paging.query is None


@given(st.text() | st.sampled_from(["http://[", "?record_index=x", "?date_start=", "//"]))
def test_any_link_is_survived(link: str) -> None:
    """A link to the next page may be any text."""
    paging = Paging(SINCE, UNTIL)
    paging.take({"_links": {"next": {"href": link}}, "_embedded": {"calls": [{"uuid": "u"}]}})

    assert paging.query is not None
    assert paging.query["date_start"]
