"""Looking ahead for a campaign that is not created: nothing is stored, and nobody is called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dialer.api.forecast_answers import ForecastOut, ListForecastOut
from dialer.api.forecast_bodies import NewForecast
from dialer.client.resource import Fields, Resource
from dialer.client.uploads import Upload, upload_of
from dialer.client.wire import told

_PATH = "/v1/forecasts"


class AsyncForecasts(Resource):
    """`/v1/forecasts`."""

    async def check(self, body: NewForecast | Fields | None = None, /, **fields: Any) -> ForecastOut:
        """The forecast of a campaign of so many people."""
        return await self._wire.change("POST", ForecastOut, _PATH, told(body, fields))

    async def check_list(
        self, plan: Fields, source: Upload | Path | bytes, /, *, content_type: str | None = None, **wishes: Any
    ) -> ListForecastOut:
        """Check a list and look ahead for those on it; `plan` is the body of `check` without `calls`.

        Wishes are those of the API: `map`, `sheet`.
        """
        upload = upload_of(source, content_type)
        return await self._wire.upload_form(ListForecastOut, f"{_PATH}/list", dict(plan), upload, **wishes)
