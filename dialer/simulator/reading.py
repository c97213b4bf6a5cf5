"""Reading calls: one, or a page of the list, with all that is ambiguous about it set by configuration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from dialer.simulator import events
from dialer.simulator.config import SimulatorConfig
from dialer.simulator.legs import Book, Leg
from dialer.simulator.orders import Problem
from dialer.simulator.replies import Verdict, bad_request, verdict, vonage

MAX_PAGE = 100


def read_one(book: Book, config: SimulatorConfig, uuid: str) -> Verdict:
    """One call, or 404."""
    leg = book.find(uuid)
    return vonage(404, "NOT_FOUND", "Not Found") if leg is None else verdict(200, call_object(leg, config))


def read_page(book: Book, config: SimulatorConfig, query: Mapping[str, str]) -> Verdict:
    """A page of the list, oldest first unless asked otherwise."""
    try:
        page = _Page.read(query)
    except ValueError as problem:
        return bad_request(config.bad_request_style, [Problem("query", str(problem))])
    legs = [leg for leg in book if page.wants(leg)]
    if page.descending:
        legs.reverse()
    first = page.index * page.size if config.record_index == "page" else page.index
    shown = legs[first : first + page.size]
    following = page.index + (1 if config.record_index == "page" else page.size)
    has_next = config.next_link and first + page.size < len(legs)
    return verdict(200, {
        "count": len(legs),
        "page_size": page.size,
        "record_index": page.index,
        "_links": _links(query, page, following if has_next else None),
        "_embedded": {"calls": [call_object(leg, config) for leg in shown]},
    })  # fmt: skip


def call_object(leg: Leg, config: SimulatorConfig) -> dict[str, Any]:
    """A call as GET shows it; figures only when it is over."""
    shown = {
        "_links": {"self": {"href": f"/v1/calls/{leg.uuid}"}},
        "uuid": leg.uuid,
        "conversation_uuid": leg.conversation_uuid,
        "to": _party(leg.order.to, config, leg.order.endpoint_type),
        "from": _party(leg.order.from_, config),
        "status": leg.status,
        "direction": "outbound",
    }
    if leg.finished:
        shown |= {key: _timed(key, value, config) for key, value in events.figures(leg, config.rate_eur).items()}
    return shown


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    size: int
    index: int
    descending: bool
    status: str | None
    conversation_uuid: str | None
    since: float
    until: float

    @classmethod
    def read(cls, query: Mapping[str, str]) -> _Page:
        """From the query; raises ValueError in words."""
        size, index = int(query.get("page_size", "10")), int(query.get("record_index", "0"))
        if not 1 <= size <= MAX_PAGE or index < 0:
            raise ValueError(f"page_size must be 1 to {MAX_PAGE} and record_index 0 or more")
        if query.get("order", "asc") not in {"asc", "desc"}:
            raise ValueError("order must be asc or desc")
        return cls(
            size=size,
            index=index,
            descending=query.get("order") == "desc",
            status=query.get("status"),
            conversation_uuid=query.get("conversation_uuid"),
            since=_moment(query.get("date_start"), float("-inf")),
            until=_moment(query.get("date_end"), float("inf")),
        )

    def wants(self, leg: Leg) -> bool:
        return (
            self.since <= leg.created_at <= self.until
            and self.status in {None, leg.status}
            and self.conversation_uuid in {None, leg.conversation_uuid}
        )


def _moment(text: str | None, default: float) -> float:
    if text is None:
        return default
    if not text.endswith("Z"):
        raise ValueError("dates must be ISO 8601 with a Z")
    return datetime.fromisoformat(text).timestamp()


def _links(query: Mapping[str, str], page: _Page, following: int | None) -> dict[str, Any]:
    links = {"self": _href(query, page, page.index)}
    if following is not None:
        links["next"] = _href(query, page, following)
    return links


def _href(query: Mapping[str, str], page: _Page, index: int) -> dict[str, str]:
    asked: Iterable[tuple[str, Any]] = {**query, "page_size": page.size, "record_index": index}.items()
    return {"href": f"/v1/calls?{urlencode(list(asked))}"}


def _party(address: str, config: SimulatorConfig, kind: str = "phone") -> Any:
    party = {"type": kind, "number" if kind == "phone" else "uri": address}
    return [party] if config.party_shape == "array" else party


def _timed(key: str, value: Any, config: SimulatorConfig) -> Any:
    if config.time_format == "space" and key.endswith("_time") and value is not None:
        return value.removesuffix(".000Z").replace("T", " ")
    return value
