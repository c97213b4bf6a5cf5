"""`GET /v1/campaigns/{id}/results`: what became of everyone, streamed as CSV or NDJSON with flat memory.

CSV opens well in spreadsheets, and so must not carry formulas into them: a text cell that begins like one gets an
apostrophe in front (OWASP, "CSV injection"). Numbers are E.164 with their plus; the dialer's own check made sure that
they are digits, so they are left whole and quoted like all text.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import AsyncIterator, Callable, Iterable, Sequence

import structlog
from aiohttp import web

from dialer.api.answers import ResultOut
from dialer.api.keys import REQUEST_ID, RUNTIME
from dialer.api.middleware import REQUEST_ID_HEADER
from dialer.api.problems import NOT_FOUND
from dialer.api.routing import Answer, Routes
from dialer.api.schemas import ResultsQuery
from dialer.api.streaming import write_pieces
from dialer.store import Store

CSV = "text/csv"
NDJSON = "application/x-ndjson"
COLUMNS = (
    "id", "external_id", "number", "state", "disposition", "tries", "ended_at", "keys", "duration_s", "price",
    "variables", "dialed",
)  # fmt: skip
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # also as wide as kana
# Ends of lines to some readers of NDJSON, and what turns a terminal's colours or the order of its letters.
_UNSEEN = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

routes = Routes()
log = structlog.get_logger(__name__)


@routes.get(
    "/v1/campaigns/{campaign_id}/results",
    answers={200: Answer(description="All calls in the order of the list.", media_types=(CSV, NDJSON))},
    problems=(NOT_FOUND,),
)
async def get_results(request: web.Request, campaign_id: str, *, query: ResultsQuery) -> web.StreamResponse:
    """What became of everyone, as CSV (default) or NDJSON, by `Accept` or `format`.

    The CSV's column `variables` holds a JSON object. A text cell that begins with = + - @ tab CR or LF has an
    apostrophe in front, so that no spreadsheet takes it for a formula; numbers keep their plus. `keys` is what was
    pressed, question by question; it, `duration_s`, `price` and the number `dialed` are those of the last attempt. A
    stream that ends without its last chunk broke off: ask again.
    """
    store = request.app[RUNTIME].store
    await store.campaign(campaign_id)
    media_type = _media_type(query, request.headers.get("Accept", ""))
    headers = {"Content-Disposition": f'attachment; filename="{campaign_id}.{_ENDINGS[media_type]}"'}
    headers |= {"Content-Type": f"{media_type}; charset=utf-8", REQUEST_ID_HEADER: request[REQUEST_ID]}
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    if request.method != "HEAD":
        await write_pieces(request, response, _pieces(_results(store, campaign_id), media_type))
    return response


_ENDINGS = {CSV: "csv", NDJSON: "ndjson"}


async def _results(store: Store, campaign_id: str) -> AsyncIterator[list[ResultOut]]:
    async for calls in store.all_calls(campaign_id):
        attempts = await store.last_attempts(calls)
        yield [ResultOut.of_last(call, attempt) for call, attempt in zip(calls, attempts, strict=True)]


async def _pieces(chunks: AsyncIterator[list[ResultOut]], media_type: str) -> AsyncIterator[bytes]:
    write: Callable[[Sequence[ResultOut]], str] = csv_rows if media_type == CSV else ndjson_lines
    if media_type == CSV:
        yield _csv_text([COLUMNS]).encode()
    async for results in chunks:
        yield write(results).encode()


def csv_rows(results: Sequence[ResultOut]) -> str:
    """One row a call, in the order of COLUMNS."""
    return _csv_text(_cells(result) for result in results)


def ndjson_lines(results: Sequence[ResultOut]) -> str:
    """One JSON object a call, each on a line of its own."""
    return "".join(_seen(result.model_dump_json()) + "\n" for result in results)


def _cells(result: ResultOut) -> tuple[str | int, ...]:
    return (
        result.id,
        harmless(result.external_id or ""),
        result.number,
        result.state.value,
        result.disposition.value if result.disposition else "",
        result.tries,
        result.ended_at.isoformat(timespec="milliseconds") if result.ended_at else "",
        result.keys,
        "" if result.duration_s is None else result.duration_s,
        harmless(result.price or ""),
        _seen(json.dumps(result.variables, ensure_ascii=False, separators=(",", ":"))),
        result.dialed,
    )


def _seen(written: str) -> str:
    """The same JSON with its unseen characters escaped; they can stand in its texts alone."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", written)


def harmless(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _csv_text(rows: Iterable[Sequence[str | int]]) -> str:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_NONNUMERIC).writerows(rows)
    return text.getvalue()


def _media_type(query: ResultsQuery, accept: str) -> str:
    if query.format:
        return NDJSON if query.format == "ndjson" else CSV
    return NDJSON if "ndjson" in accept.lower() and CSV not in accept.lower() else CSV
