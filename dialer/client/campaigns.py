"""Campaigns: lists of calls from their draft to their results."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Literal

from dialer.api.again import AgainOut
from dialer.api.answers import CallOut, CallsOut, CampaignOut, CampaignsOut, HangUpOut, ImportOut
from dialer.api.explain import CampaignExplainOut
from dialer.api.forecast_answers import ForecastOut
from dialer.api.forecast_bodies import ForecastBody
from dialer.api.hours_bodies import WindowsChange
from dialer.api.import_records import ImportStateOut
from dialer.api.previews import PreviewOut
from dialer.api.schemas import CampaignAgain, CampaignChange, NewCampaign
from dialer.client.resource import Fields, Resource, first, path_of
from dialer.client.resuming import Told, name_of, send_all
from dialer.client.uploads import Upload, content_type_of, upload_of
from dialer.client.wire import told
from dialer.dispositions import Disposition
from dialer.states import CallState, CampaignState

_PAGE = 200
_CALLS_PAGE = 1000
_PATH = "/v1/campaigns"


class AsyncCampaigns(Resource):
    """`/v1/campaigns`."""

    async def create(
        self, body: NewCampaign | Fields | None = None, /, *, key: str | None = None, **fields: Any
    ) -> CampaignOut:
        """Make one, a draft: it dials nothing yet. Under one key only once."""
        return await self._wire.create(CampaignOut, _PATH, told(body, fields), key=key)

    async def create_again(
        self,
        campaign_id: str,
        body: CampaignAgain | Fields | None = None,
        /,
        *,
        key: str | None = None,
        **fields: Any,
    ) -> CampaignOut:
        """Make a draft from another's calls that did not succeed; they are copied by and by (`copied`)."""
        path = path_of(_PATH, campaign_id, "again")
        return await self._wire.create(CampaignOut, path, told(body, fields), key=key)

    async def copied(self, campaign_id: str) -> AgainOut:
        """How far the copying of calls into a campaign made by `create_again` is."""
        return await self._wire.get(AgainOut, path_of(_PATH, campaign_id, "again"))

    async def get(self, campaign_id: str) -> CampaignOut:
        """How it stands."""
        return await self._wire.get(CampaignOut, path_of(_PATH, campaign_id))

    async def all(
        self, *, state: CampaignState | str | None = None, kind: str | None = None, limit: int | None = None
    ) -> AsyncIterator[CampaignOut]:
        """The campaigns, the newest first, all or those of a state and kind; `limit` of them at the most."""
        pages = self._wire.pages(CampaignsOut, _PATH, limit=limit, at_once=_PAGE, state=state, kind=kind)
        async for one in first(limit, pages, lambda page: page.campaigns):
            yield one

    async def change(
        self,
        campaign_id: str,
        body: CampaignChange | Fields | None = None,
        /,
        *,
        if_match: int | None = None,
        **fields: Any,
    ) -> CampaignOut:
        """Let what is named become otherwise, also while it runs.

        `if_match` is the `version` that was read: raises Outdated, and changes nothing, where it is another by now.
        """
        path = path_of(_PATH, campaign_id)
        return await self._wire.change("PATCH", CampaignOut, path, told(body, fields), if_match=if_match)

    async def change_windows(
        self,
        campaign_id: str,
        body: WindowsChange | Fields | None = None,
        /,
        *,
        if_match: int | None = None,
        **fields: Any,
    ) -> CampaignOut:
        """Give it other hours, also while it runs; `if_match` as for `change`."""
        path = path_of(_PATH, campaign_id, "windows")
        return await self._wire.change("PUT", CampaignOut, path, told(body, fields), if_match=if_match)

    async def start(self, campaign_id: str, *, force: bool = False) -> CampaignOut:
        """Begin to dial it; a plan that cannot be done only by force."""
        body = {"force": True} if force else {}
        return await self._wire.change("POST", CampaignOut, path_of(_PATH, campaign_id, "start"), body)

    async def pause(self, campaign_id: str) -> CampaignOut:
        """Let nothing new go out; calls under way end by themselves."""
        return await self._wire.change("POST", CampaignOut, path_of(_PATH, campaign_id, "pause"))

    async def resume(self, campaign_id: str) -> CampaignOut:
        """Go on after a pause."""
        return await self._wire.change("POST", CampaignOut, path_of(_PATH, campaign_id, "resume"))

    async def cancel(self, campaign_id: str) -> CampaignOut:
        """End it for good; what has not gone out is cancelled."""
        return await self._wire.change("POST", CampaignOut, path_of(_PATH, campaign_id, "cancel"))

    async def preview_hang_up(self, campaign_id: str) -> HangUpOut:
        """How many calls hanging up everything would end now, and in how many seconds."""
        return await self._wire.get(HangUpOut, path_of(_PATH, campaign_id, "hang-up"))

    async def hang_up(self, campaign_id: str) -> HangUpOut:
        """Pause it and begin to end all its calls that are up."""
        return await self._wire.change("POST", HangUpOut, path_of(_PATH, campaign_id, "hang-up"))

    async def import_calls(
        self, campaign_id: str, source: Upload | Path | bytes, /, *, content_type: str | None = None, **wishes: Any
    ) -> ImportOut:
        """Add a list of calls: a file (its ending says what it is), bytes, or a stream; nobody is added twice.

        Wishes are those of the API: `map`, as JSON, says which column is what; `sheet`; `dry_run` adds nobody;
        `import_id` names it, so that it can be gone on with at the `offset` that `import_state` tells.
        """
        upload = upload_of(source, content_type)
        return await self._wire.upload(ImportOut, path_of(_PATH, campaign_id, "calls"), upload, **wishes)

    async def import_file(
        self,
        campaign_id: str,
        path: Path,
        /,
        *,
        content_type: str | None = None,
        told: Told = lambda _sent, _size, _rows: None,
        **wishes: Any,
    ) -> ImportStateOut:
        """Add a list of any size until all of it is in, going on where it broke off, even in another program.

        Wishes are `map` and `sheet`; `told` is called with bytes sent, bytes in all and rows sent. The answer's `id`
        is the one under which the rejected rows are kept (`rejected`).
        """
        media_type = content_type or content_type_of(path)
        name = await asyncio.to_thread(name_of, path, media_type, wishes)

        async def send(upload: Upload, rest: Mapping[str, Any]) -> ImportOut:
            return await self.import_calls(campaign_id, upload, import_id=name, **wishes, **rest)

        state = partial(self.import_state, campaign_id, name)
        return await send_all(path, media_type, state=state, send=send, told=told)

    async def import_state(self, campaign_id: str, import_id: str) -> ImportStateOut:
        """How far a named import is, and from which byte to go on."""
        return await self._wire.get(ImportStateOut, path_of(_PATH, campaign_id, "imports", import_id))

    async def rejected(
        self, campaign_id: str, import_id: str, form: Literal["csv", "ndjson"] = "csv"
    ) -> AsyncIterator[bytes]:
        """The rows that a named import did not take, as a file's bytes."""
        path = path_of(_PATH, campaign_id, "imports", import_id, "rejected")
        async for chunk in self._wire.download(path, format=form):
            yield chunk

    async def preview(
        self, source: Upload | Path | bytes, /, *, content_type: str | None = None, **wishes: Any
    ) -> PreviewOut:
        """How the head of a list would be read, and what its first people would hear; nothing is stored.

        Wishes are those of the API: `map`, `sheet`, `campaign_id`, `text`, `language`, `rows`, `cut`.
        """
        return await self._wire.upload(PreviewOut, "/v1/imports/preview", upload_of(source, content_type), **wishes)

    async def calls(
        self,
        campaign_id: str,
        *,
        state: CallState | str | None = None,
        disposition: Disposition | str | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CallOut]:
        """Its calls in the order of its list, by state and disposition."""
        path, chosen = path_of(_PATH, campaign_id, "calls"), {"state": state, "disposition": disposition}
        pages = self._wire.pages(CallsOut, path, limit=limit, at_once=_CALLS_PAGE, **chosen)
        async for one in first(limit, pages, lambda page: page.calls):
            yield one

    async def results(
        self,
        campaign_id: str,
        form: Literal["csv", "ndjson", "parquet"] = "csv",
        *,
        reached: bool | None = None,
        disposition: Disposition | str | None = None,
    ) -> AsyncIterator[bytes]:
        """What became of everyone so far, as a file's bytes."""
        chosen = {"format": form, "reached": reached, "disposition": disposition}
        async for chunk in self._wire.download(path_of(_PATH, campaign_id, "results"), **chosen):
            yield chunk

    async def explain(self, campaign_id: str) -> CampaignExplainOut:
        """Why nothing of it is being dialed now, and when that changes."""
        return await self._wire.get(CampaignExplainOut, path_of(_PATH, campaign_id, "explain"))

    async def forecast(self, campaign_id: str) -> ForecastOut:
        """Its forecast from a sample, at most ten seconds old."""
        return await self._wire.get(ForecastOut, path_of(_PATH, campaign_id, "forecast"))

    async def check(self, campaign_id: str, body: ForecastBody | Fields | None = None, /, **fields: Any) -> ForecastOut:
        """Its forecast, everybody looked at, under other assumptions where some are given."""
        path = path_of(_PATH, campaign_id, "forecast")
        return await self._wire.change("POST", ForecastOut, path, told(body, fields))
