"""The carrier's own record of calls: call objects, and how to walk through a list of them. No I/O.

Two readings of `record_index` are in use, a page's number and a row's, and KPN's answers may lack the link to the next
page (REFERENCE 4). `Paging` gets through either way, and each call comes out once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from dialer.providers.base import CarrierCall
from dialer.providers.kpn.answers import inside
from dialer.providers.kpn.events import facts_of_status
from dialer.providers.kpn.figures import read_count, read_figures, read_moment, read_text, write_moment

PAGE_SIZE = 100
"""The most that KPN's specification allows: the fewest requests."""


def parse_call(record: Any) -> CarrierCall | None:
    """One call object, from GET of one or out of a list; None if it is none (no uuid)."""
    if not isinstance(record, dict) or (uuid := read_text(record.get("uuid"))) is None:
        return None
    return CarrierCall(
        uuid=uuid,
        to=_address(record.get("to")),
        from_=_address(record.get("from")),
        facts=facts_of_status(record),
        figures=read_figures(record),
        started_at=read_moment(record.get("start_time")),
    )


def _address(endpoint: Any) -> str:
    """A phone's digits, else the URI: an array of one in KPN's specification, an object in real answers."""
    if isinstance(endpoint, list):
        endpoint = endpoint[0] if endpoint else None
    if uri := read_text(inside(endpoint, "uri")):
        return uri
    number = endpoint if isinstance(endpoint, str) else inside(endpoint, "number")
    text = str(number) if isinstance(number, int) else read_text(number) or ""
    return "".join(c for c in text if c in "0123456789")


class Paging:
    """A walk through the list of calls in a span of time.

    Ask for `query`, hand the page to `take`, until `query` is None. It ends when a page brings nothing new or as many
    calls were seen as the list says there are.
    """

    def __init__(self, since: datetime, until: datetime) -> None:
        self._filters = {
            "date_start": write_moment(since),
            "date_end": write_moment(until),
            "page_size": str(PAGE_SIZE),
            "order": "asc",
        }
        self._seen: set[str] = set()
        self._record_index = 0
        self._index_is_row = False
        self.query: dict[str, str] | None = self._filters | {"record_index": "0"}

    def take(self, page: Mapping[str, Any]) -> list[CarrierCall]:
        """The calls of one page that were not on an earlier one; sets `query` for the next."""
        records = inside(page, "_embedded", "calls")
        calls = [call for record in _rows(records) if (call := parse_call(record))]
        new = list({call.uuid: call for call in calls if call.uuid not in self._seen}.values())
        self._seen.update(call.uuid for call in new)
        self._learn(rows=len(calls), new=len(new))
        count = read_count(page.get("count"))
        over = not new or (count is not None and len(self._seen) >= count)
        self.query = None if over else self._next_query(page, rows=len(_rows(records)))
        return new

    def _learn(self, *, rows: int, new: int) -> None:
        """Asked for index 1 and got the first page again but for one row: the index counts rows."""
        if self._record_index == 1 and rows > 1 and rows - new >= rows - 1:
            self._index_is_row = True

    def _next_query(self, page: Mapping[str, Any], *, rows: int) -> dict[str, str]:
        link = inside(page, "_links", "next", "href")
        following = _query_of(link) if isinstance(link, str) else {}
        step = rows if self._index_is_row else 1
        named = read_count(following.get("record_index"))
        self._record_index = self._record_index + step if named is None else named
        return self._filters | {"record_index": str(self._record_index)} | following


def _rows(records: Any) -> list[Any]:
    return records if isinstance(records, list) else []


def _query_of(link: str) -> dict[str, str]:
    """Only the query: host and path of a link are the upstream supplier's, not the gateway's, or anybody's."""
    try:
        return dict(parse_qsl(urlsplit(link).query))
    except ValueError:
        return {}
