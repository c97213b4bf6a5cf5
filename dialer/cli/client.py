"""The dialer's HTTP API as the commands use it: typed answers, and one clear sentence for whatever goes wrong."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from urllib.parse import quote

import aiohttp

from dialer.errors import DialerError

Json = dict[str, Any]

_CONNECT_S = 10.0
_SILENCE_S = 60.0  # for an answer to start, or to go on
_CHUNK_BYTES = 65_536
_AT_ONCE = aiohttp.ClientTimeout(total=2.0)


class ApiAbsent(DialerError):
    """Nobody listens at the address."""


class ApiRefusal(DialerError):
    """The API answered that it will not.

    Attributes:
        status: the HTTP status.
    """

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class CampaignView:
    """A campaign as the API shows it; `raw` is the whole answer."""

    id: str
    name: str
    state: str
    reason: str | None
    total: int
    counts: Mapping[str, int]
    dispositions: Mapping[str, int]
    raw: Json

    @classmethod
    def from_json(cls, raw: Json) -> Self:
        """Read the API's object; fields that are not shown here may come and go."""
        plain = {name: raw[name] for name in ("id", "name", "state", "reason", "total", "counts", "dispositions")}
        return cls(**plain, raw=raw)


@dataclass(frozen=True, slots=True)
class Upload:
    """A list on its way: its bytes, how many there are, and what they are."""

    chunks: AsyncIterator[bytes]
    size: int
    content_type: str


class DialerClient:
    """One dialer's API. Every method raises ApiAbsent, ApiRefusal or another DialerError."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http = http
        self.url = url

    async def is_ready(self) -> bool:
        """Whether it answers and its Redis does too."""
        return await self.answers(f"{self.url}/readyz")

    async def answers(self, url: str) -> bool:
        """Whether a request to this address succeeds at once."""
        try:
            async with self._http.get(url, timeout=_AT_ONCE) as response:
                return response.ok
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def create_campaign(self, body: Json) -> CampaignView:
        """Make a campaign; it dials nothing yet."""
        return CampaignView.from_json(await self._json("POST", "/v1/campaigns", json=body))

    async def campaign_again(self, campaign_id: str, body: Json) -> CampaignView:
        """Make one from another's calls; it dials nothing yet."""
        return CampaignView.from_json(await self._json("POST", f"/v1/campaigns/{campaign_id}/again", json=body))

    async def campaign(self, campaign_id: str) -> CampaignView:
        """How it stands."""
        return CampaignView.from_json(await self._json("GET", f"/v1/campaigns/{campaign_id}"))

    async def campaigns(self, limit: int) -> list[CampaignView]:
        """The newest ones."""
        found = await self._json("GET", "/v1/campaigns", params={"limit": str(limit)})
        return [CampaignView.from_json(raw) for raw in found["campaigns"]]

    async def step(self, campaign_id: str, verb: str) -> CampaignView:
        """`start`, `pause`, `resume` or `cancel` it."""
        return CampaignView.from_json(await self._json("POST", f"/v1/campaigns/{campaign_id}/{verb}"))

    async def start(self, campaign_id: str, *, force: bool = False) -> CampaignView:
        """Begin to dial it; a plan that cannot be done only by force."""
        body = {"force": True} if force else {}
        return CampaignView.from_json(await self._json("POST", f"/v1/campaigns/{campaign_id}/start", json=body))

    async def check_campaign(self, campaign_id: str, body: Json) -> Json:
        """Its forecast, everybody looked at; `body` as `POST /v1/campaigns/{id}/forecast` takes it."""
        return await self._json("POST", f"/v1/campaigns/{campaign_id}/forecast", json=body)

    async def forecast(self, campaign_id: str) -> Json:
        """Its forecast from a sample, at most ten seconds old."""
        return await self._json("GET", f"/v1/campaigns/{campaign_id}/forecast")

    async def forecast_list(self, plan: Json, upload: Upload, *, wishes: Mapping[str, str] | None = None) -> Json:
        """Check a list and look ahead for a campaign that is not created; `plan` as `POST /v1/forecasts` takes it."""
        form = aiohttp.MultipartWriter("form-data")
        form.append_json(plan).set_content_disposition("form-data", name="plan")
        part = form.append(upload.chunks, {"Content-Type": upload.content_type})
        part.set_content_disposition("form-data", name="list", filename="list")
        patience = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_S)
        return await self._json("POST", "/v1/forecasts/list", data=form, params=wishes, timeout=patience)

    async def change_campaign(self, campaign_id: str, body: Json) -> CampaignView:
        """Change it; `body` as `PATCH /v1/campaigns/{id}` takes it."""
        return CampaignView.from_json(await self._json("PATCH", f"/v1/campaigns/{campaign_id}", json=body))

    async def change_windows(self, campaign_id: str, body: Json) -> CampaignView:
        """Give it other windows; `body` as `PUT /v1/campaigns/{id}/windows` takes it."""
        return CampaignView.from_json(await self._json("PUT", f"/v1/campaigns/{campaign_id}/windows", json=body))

    async def import_calls(self, campaign_id: str, upload: Upload, *, wishes: Mapping[str, str] | None = None) -> Json:
        """Add a list of calls: accepted, duplicates, rejected, rejections; `wishes` as the query takes them."""
        return await self._upload(f"/v1/campaigns/{campaign_id}/calls", upload, params=wishes)

    async def calls(self, campaign_id: str) -> AsyncIterator[Json]:
        """All calls of a campaign, in the order of its list."""
        query: dict[str, str] = {"limit": "1000"}
        while True:
            page = await self._json("GET", f"/v1/campaigns/{campaign_id}/calls", params=query)
            for call in page["calls"]:
                yield call
            if page["next_cursor"] is None:
                return
            query["cursor"] = page["next_cursor"]

    async def results(self, campaign_id: str, form: str, **filters: str | None) -> AsyncIterator[bytes]:
        """The results as a file's bytes; `form` is csv, ndjson or parquet, filters are `reached` and `disposition`."""
        query = {"format": form} | {name: value for name, value in filters.items() if value is not None}
        async for chunk in self._bytes(f"/v1/campaigns/{campaign_id}/results", params=query):
            yield chunk

    async def add_call(self, body: Json, *, key: str | None = None) -> Json:
        """Call one number as soon as its turn comes; under one key only once, however often it is asked."""
        headers = {} if key is None else {"Idempotency-Key": key}
        return await self._json("POST", "/v1/calls", json=body, headers=headers)

    async def call(self, call_id: str) -> Json:
        """One call with its attempts and events."""
        return await self._json("GET", f"/v1/calls/{call_id}")

    async def explain_campaign(self, campaign_id: str) -> Json:
        """Why nothing of it is being dialed now."""
        return await self._json("GET", f"/v1/campaigns/{campaign_id}/explain")

    async def explain_call(self, call_id: str) -> Json:
        """Why it is not being dialed now."""
        return await self._json("GET", f"/v1/calls/{call_id}/explain")

    async def order(self, call_id: str, body: Json) -> Json:
        """Do something to a call that is up; `body` as `POST /v1/calls/{id}/orders` takes it."""
        return await self._json("POST", f"/v1/calls/{call_id}/orders", json=body)

    async def hang_up_preview(self, campaign_id: str) -> Json:
        """How many calls hanging up everything would end now, and in how many seconds."""
        return await self._json("GET", f"/v1/campaigns/{campaign_id}/hang-up")

    async def hang_up(self, campaign_id: str) -> Json:
        """Pause a campaign and begin to end all its calls."""
        return await self._json("POST", f"/v1/campaigns/{campaign_id}/hang-up")

    async def recordings(self, limit: int, **filters: str | None) -> list[Json]:
        """The newest recordings that pass the filters `campaign_id`, `call_id` and `state`."""
        query = {"limit": str(limit)} | {name: value for name, value in filters.items() if value is not None}
        found: list[Json] = []
        while True:
            page = await self._json("GET", "/v1/recordings", params=query)
            found += page["recordings"]
            if len(found) >= limit or page["next_cursor"] is None:
                return found[:limit]
            query["cursor"] = page["next_cursor"]

    async def recording(self, recording_id: str) -> Json:
        """One recording, without its sound."""
        return await self._json("GET", f"/v1/recordings/{recording_id}")

    async def recording_audio(self, recording_id: str) -> AsyncIterator[bytes]:
        """The sound as a file's bytes."""
        async for chunk in self._bytes(f"/v1/recordings/{recording_id}/audio"):
            yield chunk

    async def delete_recording(self, recording_id: str) -> None:
        """Delete it and its file."""
        async with self._request("DELETE", f"/v1/recordings/{recording_id}"):
            pass

    async def find_number(self, number: str, limit: int) -> Json:
        """In which calls a number stands."""
        return await self._json("POST", "/v1/numbers/find", json={"number": number, "limit": limit})

    async def erase_number(self, number: str, wishes: Json) -> Json:
        """Begin to erase a person."""
        return await self._json("POST", "/v1/numbers/erase", json={"number": number, **wishes})

    async def erasure(self, erasure_id: str) -> Json:
        """How far that is."""
        return await self._json("GET", f"/v1/erasures/{erasure_id}")

    async def suppression(self, verb: str, number: str, name: str | None = None) -> Json:
        """`add`, `remove` or `check` a number on a list of those that are not called, by default that of all."""
        return await self._json("POST", f"/v1/suppressions/{verb}", json={"number": number} | _given({"list": name}))

    async def suppressions(self, name: str | None = None) -> AsyncIterator[Json]:
        """All numbers on a list, longest ago first."""
        query = _given({"list": name})
        while True:
            page = await self._json("GET", "/v1/suppressions", params=query)
            for one in page["suppressions"]:
                yield one
            if page["next_cursor"] is None:
                return
            query["cursor"] = page["next_cursor"]

    async def import_suppressions(self, name: str | None, upload: Upload) -> Json:
        """Put a file of numbers on a list: accepted, duplicates, rejected, rejections."""
        return await self._upload("/v1/suppressions/import", upload, params=_given({"list": name}))

    async def export_suppressions(self, name: str | None, form: str) -> AsyncIterator[bytes]:
        """A list as a file's bytes; `form` is csv or ndjson."""
        async for chunk in self._bytes("/v1/suppressions/export", params=_given({"list": name, "format": form})):
            yield chunk

    async def suppression_lists(self) -> list[Json]:
        """Name, size and version of every list."""
        return list((await self._json("GET", "/v1/suppression-lists"))["lists"])

    async def drop_suppression_list(self, name: str) -> Json:
        """Forget a list and all numbers on it."""
        return await self._json("DELETE", f"/v1/suppression-lists/{quote(name, safe='')}")

    async def dead_callbacks(self, limit: int) -> list[Json]:
        """Callbacks that were given up, longest ago first."""
        found: list[Json] = (await self._json("GET", "/v1/callbacks", params={"limit": str(limit)}))["callbacks"]
        return found

    async def retry_callback(self, callback_id: str) -> None:
        """Send it again."""
        async with self._request("POST", f"/v1/callbacks/{callback_id}/retry"):
            pass

    async def drop_callback(self, callback_id: str) -> None:
        """Forget it."""
        async with self._request("DELETE", f"/v1/callbacks/{callback_id}"):
            pass

    async def audit(self, limit: int, **filters: str | None) -> list[Json]:
        """The newest entries of the audit log that pass `campaign_id`, `action`, `from` and `to`."""
        query = {"limit": str(min(limit, 1000))} | _given(filters)
        found: list[Json] = []
        while True:
            page = await self._json("GET", "/v1/audit", params=query)
            found += page["entries"]
            if len(found) >= limit or page["next_cursor"] is None:
                return found[:limit]
            query["cursor"] = page["next_cursor"]

    async def audit_export(self, **filters: str | None) -> AsyncIterator[bytes]:
        """All of them as NDJSON, oldest first."""
        async for chunk in self._bytes("/v1/audit/export", params=_given(filters)):
            yield chunk

    async def verify_audit(self) -> Json:
        """Whether none was changed, added or removed."""
        return await self._json("GET", "/v1/audit/verify")

    async def create_key(self, name: str, roles: Collection[str], *, expires_at: datetime | None) -> Json:
        """Make an API key; its `key` is told this once."""
        body: Json = {"name": name, "roles": [*roles]}
        body |= {} if expires_at is None else {"expires_at": expires_at.isoformat()}
        return await self._json("POST", "/v1/keys", json=body)

    async def api_keys(self) -> list[Json]:
        """All of them, oldest first."""
        return list((await self._json("GET", "/v1/keys"))["keys"])

    async def api_key(self, key_id: str) -> Json:
        """One of them; `me` for the one that this client sends."""
        return await self._json("GET", f"/v1/keys/{quote(key_id, safe='')}")

    async def revoke_key(self, key_id: str) -> None:
        """Refuse a key from now on."""
        async with self._request("DELETE", f"/v1/keys/{quote(key_id, safe='')}"):
            pass

    async def trunks(self) -> list[Json]:
        """The carrier accounts."""
        found: list[Json] = (await self._json("GET", "/v1/trunks"))["trunks"]
        return found

    async def _upload(self, path: str, upload: Upload, **options: Any) -> Json:
        headers = {"Content-Type": upload.content_type, "Content-Length": str(upload.size)}
        # A long list may take minutes, and the answer comes after its last row.
        patience = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_S)
        return await self._json("POST", path, data=upload.chunks, headers=headers, timeout=patience, **options)

    async def _bytes(self, path: str, **options: Any) -> AsyncIterator[bytes]:
        async with self._request("GET", path, **options) as response:
            async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
                yield chunk

    async def begin_conference(self, body: Json) -> Json:
        """Begin a conference; `body` as `POST /v1/conferences` takes it."""
        return await self._json("POST", "/v1/conferences", json=body)

    async def conference(self, conference_id: str) -> Json:
        """A conference as it is now."""
        return await self._json("GET", f"/v1/conferences/{conference_id}")

    async def conferences(self, limit: int) -> list[Json]:
        """The newest ones."""
        found = await self._json("GET", "/v1/conferences", params={"limit": str(limit)})
        return list(found["conferences"])

    async def steer_conference(self, conference_id: str, what: str, body: Json | None = None) -> Json:
        """Do something to a conference: `end`, `members`, `members/{call_id}/mute` and the like."""
        return await self._json("POST", f"/v1/conferences/{conference_id}/{what}", json=body or {})

    async def begin_escalation(self, body: Json) -> Json:
        """Begin an escalation; `body` as `POST /v1/escalations` takes it."""
        return await self._json("POST", "/v1/escalations", json=body)

    async def escalation(self, escalation_id: str) -> Json:
        """An escalation as it is now."""
        return await self._json("GET", f"/v1/escalations/{escalation_id}")

    async def escalations(self, limit: int) -> list[Json]:
        """The newest ones."""
        found = await self._json("GET", "/v1/escalations", params={"limit": str(limit)})
        return list(found["escalations"])

    async def steer_escalation(self, escalation_id: str, what: str, body: Json | None = None) -> Json:
        """`end` an escalation, or `confirm` for somebody."""
        return await self._json("POST", f"/v1/escalations/{escalation_id}/{what}", json=body or {})

    async def _json(self, method: str, path: str, **options: Any) -> Json:
        async with self._request(method, path, **options) as response:
            answer: Json = await response.json()
            return answer

    @contextlib.asynccontextmanager
    async def _request(self, method: str, path: str, **options: Any) -> AsyncIterator[aiohttp.ClientResponse]:
        try:
            async with self._http.request(method, self.url + path, **options) as response:
                if not response.ok:
                    raise await _refusal(response)
                yield response
        except aiohttp.ClientConnectorError as error:
            raise ApiAbsent(
                f"There is no dialer API at {self.url}: start one with `dialer up`, or name another with --url."
            ) from error
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise DialerError(f"The dialer API at {self.url} broke off: {error or type(error).__name__}.") from error


def _given(filters: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in filters.items() if value is not None}


@contextlib.asynccontextmanager
async def open_client(url: str, api_key: str) -> AsyncIterator[DialerClient]:
    """A client, closed at the end."""
    patience = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_S, sock_read=_SILENCE_S)
    headers = {"Authorization": f"Bearer {api_key}"}
    async with aiohttp.ClientSession(headers=headers, timeout=patience) as http:
        yield DialerClient(http, url.rstrip("/"))


async def _refusal(response: aiohttp.ClientResponse) -> ApiRefusal:
    try:
        problem = await response.json(content_type=None)
    except (aiohttp.ClientError, ValueError):
        problem = None
    said = _sentence(problem) if isinstance(problem, dict) else f"{response.status} {response.reason}"
    if response.status == 401:  # noqa: PLR2004 - HTTP's own number
        said += " Give the key that `dialer up` printed with --api-key, or set DIALER_API_KEY."
    return ApiRefusal(said, status=response.status)


def _sentence(problem: Json) -> str:
    parts = [f"{e.get('field')}: {e.get('message')}" for e in problem.get("errors") or ()]
    said = str(problem.get("detail") or problem.get("title") or "The dialer refused this.")
    return "\n".join([said, *(f"  {part}" for part in parts)])
