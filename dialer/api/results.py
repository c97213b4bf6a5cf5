"""`GET /v1/campaigns/{id}/results`: what became of everyone, streamed as CSV, NDJSON or Parquet with flat memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Literal

from aiohttp import web
from pydantic import Field

from dialer.access import Role
from dialer.api.audited import Audit
from dialer.api.keys import RUNTIME
from dialer.api.models import Incoming
from dialer.api.parquet import parquet_pieces, require_parquet
from dialer.api.problems import NO_PARQUET, NOT_FOUND
from dialer.api.result_rows import ResultOut, csv_header, csv_rows, ndjson_lines
from dialer.api.routing import Answer, Routes
from dialer.api.streaming import CSV, NDJSON, PARQUET, send_file
from dialer.audit import Action
from dialer.dispositions import Disposition
from dialer.model import Call, Campaign
from dialer.states import CallState
from dialer.store import Store

_FORMATS = {"csv": CSV, "ndjson": NDJSON, "parquet": PARQUET}


class ResultsQuery(Incoming):
    """Which calls, and in which form."""

    format: Literal["csv", "ndjson", "parquet"] | None = Field(None, description="Goes before the Accept header.")
    disposition: Disposition | None = Field(None, description="Only those that ended so.")
    reached: bool | None = Field(
        None, description="Only those that are done with success; `false`: only those that are done without."
    )


routes = Routes()


@routes.get(
    "/v1/campaigns/{campaign_id}/results",
    role=Role.READ,
    answers={200: Answer(description="Calls in the order of the list.", media_types=(CSV, NDJSON, PARQUET))},
    problems=(NOT_FOUND, NO_PARQUET),
    audit=Audit(Action.RESULTS_EXPORTED, tells=("disposition", "reached")),
)
async def get_results(request: web.Request, campaign_id: str, *, query: ResultsQuery) -> web.StreamResponse:
    """What became of everyone, as CSV (default), NDJSON or Parquet, by `Accept` or `format`.

    The CSV's column `variables` holds a JSON object. A text cell that begins with = + - @ tab CR or LF has an
    apostrophe in front, so that no spreadsheet takes it for a formula; numbers keep their plus. `keys` is what was
    pressed, question by question; all from `placed_at` to `recordings`, but for `ended_at`, is of the last attempt. A
    stream that ends without its last chunk broke off: ask again. A Parquet file that broke off is not readable.
    """
    store = request.app[RUNTIME].store
    campaign = await store.campaign(campaign_id)
    media_type = _media_type(query, request.headers.get("Accept", ""))
    if media_type == PARQUET:
        require_parquet()
    chunks = _results(store, campaign_id, _wanted(query, campaign))
    return await send_file(request, _pieces(chunks, media_type), name=campaign_id, media_type=media_type)


def _wanted(query: ResultsQuery, campaign: Campaign) -> Callable[[Call], bool]:
    def is_wanted(call: Call) -> bool:
        reached = call.disposition in campaign.success if call.state is CallState.DONE else None
        return query.disposition in {None, call.disposition} and query.reached in {None, reached}

    return is_wanted


async def _results(store: Store, campaign_id: str, is_wanted: Callable[[Call], bool]) -> AsyncIterator[list[ResultOut]]:
    async for found in store.all_calls(campaign_id):
        calls = list(filter(is_wanted, found))
        attempts = await store.last_attempts(calls)
        yield [ResultOut.of_last(call, attempt) for call, attempt in zip(calls, attempts, strict=True)]


async def _pieces(chunks: AsyncIterator[list[ResultOut]], media_type: str) -> AsyncIterator[bytes]:
    if media_type == PARQUET:
        async for piece in parquet_pieces(chunks):
            yield piece
        return
    if media_type == CSV:
        yield csv_header().encode()
    write = csv_rows if media_type == CSV else ndjson_lines
    async for results in chunks:
        yield write(results).encode()


def _media_type(query: ResultsQuery, accept: str) -> str:
    if query.format:
        return _FORMATS[query.format]
    accepted = accept.lower()
    if CSV in accepted:
        return CSV
    return NDJSON if "ndjson" in accepted else PARQUET if PARQUET in accepted else CSV
