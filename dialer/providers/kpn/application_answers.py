"""The carrier's record of an application, and how to walk through a list of them. No I/O.

Two generations are read: KPN's (Vonage's first), with a list of webhooks under `voice`, and today's with
`capabilities` (REFERENCE 6.1). Either may name the id `uuid`; KPN's specification misspells `endpoint_type`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from dialer.providers.assets import Application, Webhook
from dialer.providers.kpn.answers import inside
from dialer.providers.kpn.figures import read_count, read_text

PAGE_SIZE = 100
_LONGEST_URL = 2048
_LONGEST_KEY = 8192  # a PEM of 4096 bits has some 3,300 characters
_PRODUCTS = ("voice", "messages", "rtc", "verify", "vbc")
_PAGING = {"page_size", "page_index", "page", "record_index"}


def parse_application(record: Any) -> Application | None:
    """One application, from the answer to a single request or out of a list; None if it is none (no id)."""
    if not isinstance(record, dict):
        return None
    application_id = read_text(record.get("id")) or read_text(record.get("uuid"))
    if application_id is None:
        return None
    hooks = _hooks(record)
    return Application(
        id=application_id,
        name=read_text(record.get("name")) or "",
        answer=hooks.get("answer_url"),
        event=hooks.get("event_url"),
        fallback=hooks.get("fallback_answer_url"),
        capabilities=_capabilities(record),
        public_key=_key(record, "public_key"),
        private_key=_key(record, "private_key"),
    )


def _hooks(record: Mapping[str, Any]) -> dict[str, Webhook]:
    listed = inside(record, "voice", "webhooks")
    named = inside(record, "capabilities", "voice", "webhooks")
    found = _listed(listed) if isinstance(listed, list) else {}
    return found | (_named(named) if isinstance(named, dict) else {})


def _listed(entries: list[Any]) -> dict[str, Webhook]:
    hooks = {}
    for entry in entries:
        kind = read_text(inside(entry, "endpoint_type")) or read_text(inside(entry, "enpoint_type"))
        hook = _hook(inside(entry, "endpoint"), inside(entry, "http_method"))
        if kind and hook:
            hooks[kind] = hook
    return hooks


def _named(entries: Mapping[str, Any]) -> dict[str, Webhook]:
    hooks = {kind: _hook(inside(entry, "address"), inside(entry, "http_method")) for kind, entry in entries.items()}
    return {kind: hook for kind, hook in hooks.items() if hook}


def _hook(url: Any, method: Any) -> Webhook | None:
    if not (isinstance(url, str) and url and len(url) <= _LONGEST_URL and url.isprintable()):
        return None
    return Webhook(url, (read_text(method) or "").upper())


def _capabilities(record: Mapping[str, Any]) -> frozenset[str]:
    listed = record.get("capabilities")
    names = set(listed) if isinstance(listed, dict) else set()
    return frozenset(names | {name for name in _PRODUCTS if record.get(name)})


def _key(record: Mapping[str, Any], name: str) -> str | None:
    value = inside(record, "keys", name)
    return value if isinstance(value, str) and value and len(value) <= _LONGEST_KEY else None


class ApplicationPaging:
    """A walk through the list: ask for `query`, hand the page to `take`, until `query` is None.

    It ends when a page brings nothing new or as many were seen as the list says there are.
    """

    def __init__(self) -> None:
        self.query: dict[str, str] | None = {"page_size": str(PAGE_SIZE), "page_index": "0"}
        self._seen: set[str] = set()
        self._page = 0

    def take(self, page: Mapping[str, Any]) -> list[Application]:
        """The applications of one page that were not on an earlier one; sets `query` for the next."""
        records = inside(page, "_embedded", "applications")
        parsed = [
            found for each in (records if isinstance(records, list) else []) if (found := parse_application(each))
        ]
        new = list({found.id: found for found in parsed if found.id not in self._seen}.values())
        self._seen.update(found.id for found in new)
        self._page += 1
        count = read_count(page.get("total_items"))
        count = read_count(page.get("count")) if count is None else count
        over = not new or (count is not None and len(self._seen) >= count)
        self.query = None if over else self._next_query(page)
        return new

    def _next_query(self, page: Mapping[str, Any]) -> dict[str, str]:
        """By the link's query alone, its host and path are the supplier's; without a link by the next index."""
        ours = {"page_size": str(PAGE_SIZE), "page_index": str(self._page)}
        link = inside(page, "_links", "next", "href")
        told = _paging_of(link) if isinstance(link, str) else {}
        return ours if not told else {"page_size": str(PAGE_SIZE)} | told


def _paging_of(link: str) -> dict[str, str]:
    try:
        query = dict(parse_qsl(urlsplit(link).query))
    except ValueError:
        return {}
    return {name: value for name, value in query.items() if name in _PAGING}
