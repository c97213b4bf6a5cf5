"""Windows over HTTP: given, shown, changed, overridden; zones and ends of single calls and of lists."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from dialer.settings import Settings
from tests.integration.api.conftest import CAMPAIGN

WINDOWS: dict[str, Any] = {
    "hours": [{"days": "mo-fr", "from": "09:00", "to": "20:00"}, {"days": "sa", "from": "10:00", "to": "17:00"}],
    "closed": ["2026-12-31"],
    "holidays": "NL",
    "not_before": "2030-01-07T00:00:00Z",
    "timezone": "Europe/Amsterdam",
}
Json = dict[str, Any]


async def _post(api: aiohttp.ClientSession, path: str, body: Json) -> tuple[int, Json]:
    async with api.post(path, json=body) as response:
        return response.status, await response.json()


async def _put(api: aiohttp.ClientSession, campaign_id: str, body: Json) -> tuple[int, Json]:
    async with api.put(f"/v1/campaigns/{campaign_id}/windows", json=body) as response:
        return response.status, await response.json()


async def _import(api: aiohttp.ClientSession, campaign_id: str, rows: str) -> Json:
    path, headers = f"/v1/campaigns/{campaign_id}/calls", {"Content-Type": "text/csv"}
    async with api.post(path, data=rows, headers=headers) as response:
        told: Json = await response.json()
        return told


async def test_windows_are_told_as_they_were_sent(api: aiohttp.ClientSession) -> None:
    """What was sent comes back, with when the campaign opens: nine o'clock on the Monday on which it begins."""
    status, campaign = await _post(api, "/v1/campaigns", CAMPAIGN | {"windows": WINDOWS})

    assert (201, WINDOWS, False) == (status, campaign["windows"], campaign["open_now"])
    assert [
        {
            "zones": ["Europe/Amsterdam"],
            "is_open": False,
            "opens_at": "2030-01-07T08:00:00Z",
            "closes_at": "2030-01-07T19:00:00Z",
        }
    ] == campaign["cohorts"]


async def test_campaign_without_windows_is_open(api: aiohttp.ClientSession) -> None:
    """Where nothing is said it is always open."""
    _, campaign = await _post(api, "/v1/campaigns", CAMPAIGN)
    assert (None, True, [], False) == tuple(
        campaign[name] for name in ("windows", "open_now", "cohorts", "override_windows")
    )


async def test_cohorts_of_the_list_are_told(api: aiohttp.ClientSession) -> None:
    """Each set of zones in which somebody of the list may be is told with its own hours."""
    body = CAMPAIGN | {"windows": WINDOWS | {"timezone": None}}
    _, campaign = await _post(api, "/v1/campaigns", body)
    rows = "number,name,timezone\n+31201234567,Ann,\n+31201234568,Bob,Asia/Tokyo\n+31201234569,Cas,Europe/Amsterdam\n"
    told = await _import(api, campaign["id"], rows)
    async with api.get(f"/v1/campaigns/{campaign['id']}") as response:
        cohorts = (await response.json())["cohorts"]

    assert 3 == told["accepted"]
    assert [(["Europe/Amsterdam"], "2030-01-07T08:00:00Z"), (["Asia/Tokyo"], "2030-01-07T00:00:00Z")] == [
        (cohort["zones"], cohort["opens_at"]) for cohort in cohorts
    ]


async def test_windows_are_changed_while_running(api: aiohttp.ClientSession, campaign_id: str) -> None:
    """A change is told at once; nothing said goes back to the dialer's default, which is none here."""
    await api.post(f"/v1/campaigns/{campaign_id}/start")
    status, changed = await _put(api, campaign_id, {"windows": WINDOWS})
    _, emptied = await _put(api, campaign_id, {})

    assert (200, WINDOWS, "running") == (status, changed["windows"], changed["state"])
    assert (None, True) == (emptied["windows"], emptied["open_now"])


async def test_windows_of_a_campaign_that_is_over_are_not_changed(api: aiohttp.ClientSession, campaign_id: str) -> None:
    """A cancelled campaign answers 409, one that never was 404."""
    await api.post(f"/v1/campaigns/{campaign_id}/cancel")
    assert [409, 404] == [(await _put(api, name, {}))[0] for name in (campaign_id, "c0")]


@pytest.mark.parametrize(
    ("field", "windows"),
    [
        ("windows.hours.0.days", {"hours": [{"days": "mo-xy"}]}),
        ("windows.hours.1.from", {"hours": [{"days": "mo"}, {"from": "9"}]}),
        ("windows.hours.0.to", {"hours": [{"to": "25:00"}]}),
        ("windows.holidays", {"holidays": "Atlantis"}),
        ("windows.closed", {"closed": ["31-12-2026"]}),
        ("windows.timezone", {"timezone": "Amsterdam"}),
        ("windows.not_before", {"not_before": "2026-12-31T00:00:00"}),
    ],
)
async def test_wrong_windows_are_refused_by_name(
    api: aiohttp.ClientSession, campaign_id: str, field: str, windows: Json
) -> None:
    """What cannot be read is named, and nothing is changed."""
    created, told = await _post(api, "/v1/campaigns", CAMPAIGN | {"windows": windows})
    changed, _ = await _put(api, campaign_id, {"windows": windows})

    assert (422, 422, field) == (created, changed, told["errors"][0]["field"] if told["errors"] else told["field"])
    async with api.get(f"/v1/campaigns/{campaign_id}") as response:
        assert (await response.json())["windows"] is None


async def test_campaign_that_ends_before_it_begins_is_refused(api: aiohttp.ClientSession) -> None:
    """A start behind the end is refused by name, at the beginning and later."""
    end = CAMPAIGN | {"expires_at": "2030-01-06T00:00:00Z"}
    refused = await _post(api, "/v1/campaigns", end | {"windows": WINDOWS})
    _, campaign = await _post(api, "/v1/campaigns", end)
    changed = await _put(api, campaign["id"], {"windows": WINDOWS})

    assert [(422, "windows.not_before")] * 2 == [(status, told["field"]) for status, told in (refused, changed)]


async def test_override_needs_a_right_of_its_own(api: aiohttp.ClientSession) -> None:
    """Without DIALER_ALLOW_OVERRIDE nobody dials outside of the windows, with the field and the setting named."""
    wish = CAMPAIGN | {"override_windows": True, "priority": "urgent"}
    status, told = await _post(api, "/v1/campaigns", wish)
    assert (422, "override_windows", True) == (status, told["field"], "DIALER_ALLOW_OVERRIDE" in told["detail"])


class TestWithRight:
    """A dialer with a default, whose urgent campaigns may override."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        """With default windows, the right to override, and no destination refused."""
        return settings.model_copy(
            update={
                "windows": "mo-fr=09:00-20:00 holidays=NL",
                "allow_override": True,
                "allowed_destinations": frozenset("*"),
            }
        )

    async def test_default_holds_where_nothing_is_said(self, api: aiohttp.ClientSession) -> None:
        """A campaign and the first single call have the dialer's windows; `{}` means always."""
        _, plain = await _post(api, "/v1/campaigns", CAMPAIGN)
        _, always = await _post(api, "/v1/campaigns", CAMPAIGN | {"windows": {}})
        await _post(api, "/v1/calls", {"number": "+31201234567", "script": {"text": "Hello."}})
        async with api.get("/v1/campaigns/direct") as response:
            single = await response.json()

        expected = [{"days": "mo-fr", "from": "09:00", "to": "20:00"}]
        assert (expected, [], expected) == tuple(told["windows"]["hours"] for told in (plain, always, single))

    async def test_urgent_campaign_overrides(self, api: aiohttp.ClientSession) -> None:
        """An urgent campaign may, and it shows; another one may not."""
        wish = CAMPAIGN | {"override_windows": True}
        status, urgent = await _post(api, "/v1/campaigns", wish | {"priority": "urgent"})
        refused, _ = await _post(api, "/v1/campaigns", wish)

        assert (201, True, True, 422) == (status, urgent["override_windows"], urgent["open_now"], refused)
        async with api.get("/v1/audit", params={"action": "campaign.windows_overridden"}) as response:
            (entry,) = (await response.json())["entries"]
        assert ("done", urgent["id"]) == (entry["outcome"], entry["campaign_id"])

    async def test_rows_with_wrong_zone_or_end_are_told(self, api: aiohttp.ClientSession) -> None:
        """Such rows are refused one by one with their column, and so is whoever could never be called."""
        hours = {"hours": [{"from": "09:00", "to": "17:00"}]}
        _, campaign = await _post(api, "/v1/campaigns", CAMPAIGN | {"windows": hours})
        rows = (
            "number,name,timezone,expires_at\n"
            "+31201234567,Ann,,2030-01-01T12:00:00+01:00\n"
            "+31201234568,Bob,Tokyo,\n"
            "+31201234569,Cas,,tomorrow\n"
            "+31201234570,Dik,,2030-01-01T12:00:00\n"
            "+18005551212,Eva,,\n"
            "+18005551213,Flo,America/New_York,\n"
        )
        told = await _import(api, campaign["id"], rows)
        async with api.get(f"/v1/campaigns/{campaign['id']}/calls") as response:
            calls = (await response.json())["calls"]

        assert [(2, "timezone"), (3, "expires_at"), (4, "expires_at"), (5, "timezone")] == [
            (refused["row"], refused["column"]) for refused in told["rejections"]
        ]
        assert [("2030-01-01T11:00:00Z", None), (None, "America/New_York")] == [
            (call["expires_at"], call["timezone"]) for call in calls
        ]
        assert [{"name": "Ann"}, {"name": "Flo"}] == [call["variables"] for call in calls]


async def test_single_call_has_zone_and_end(api: aiohttp.ClientSession) -> None:
    """What a single call was given is told; a zone that its number says by itself is not kept."""
    body = {"number": "+31201234567", "script": {"text": "Hello."}, "expires_at": "2030-01-01T00:00:00Z"}
    _, there = await _post(api, "/v1/calls", body | {"timezone": "Asia/Tokyo"})
    _, here = await _post(api, "/v1/calls", body | {"timezone": "Europe/Amsterdam"})
    status, told = await _post(api, "/v1/calls", body | {"timezone": "Tokyo"})

    assert ["Asia/Tokyo", None] == [there["timezone"], here["timezone"]]
    assert "2030-01-01T00:00:00Z" == there["expires_at"]
    assert (422, "timezone") == (status, told["field"])
