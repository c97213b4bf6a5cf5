"""Applications and the product check over HTTP: forms and queries as KPN has them, and what may be repeated."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from dialer.errors import CarrierError, InvalidInput, NotFound
from dialer.providers.assets import NewApplication, Webhook
from dialer.providers.base import Provider
from dialer.providers.kpn import applications, names_voice
from tests.fakes.kpn_gateway import Reply, World, open_world, replying

PAYLOADS = Path(__file__).parents[1] / "data/payloads/python/application"
WANTED = NewApplication(name="Notices", answer_url="https://d.test/answer", event_url="https://d.test/event")
FIELDS = {
    "name": "Notices",
    "type": "voice",
    "answer_url": "https://d.test/answer",
    "answer_method": "GET",
    "event_url": "https://d.test/event",
    "event_method": "POST",
}
MADE: dict[str, Any] = {
    "id": "a-1",
    "name": "Notices",
    "voice": {"webhooks": [{"endpoint_type": "answer_url", "endpoint": "https://d.test/answer", "http_method": "GET"}]},
    "keys": {"public_key": "PEM", "private_key": "SECRET PEM"},
}
NOT_FOUND = replying(404, {"error_title": "Not Found"})


@pytest.fixture
async def world(redis: Redis) -> AsyncIterator[World]:
    """A client made from settings, with its gateway on a free port."""
    async with open_world(redis) as opened:
        yield opened


async def test_application_is_made_from_a_form(world: World) -> None:
    """Making one is a form, as KPN takes it, and not in the name of an application; its key comes once."""
    provider: Provider = world.voice
    world.gateway.replies = [replying(201, MADE)]
    made = await provider.applications.create(WANTED)

    (arrival,) = world.gateway.arrivals
    assert ("POST", "/nexmo/applications", FIELDS) == (arrival.method, arrival.path, arrival.body)
    assert "application/x-www-form-urlencoded" == arrival.headers["Content-Type"]
    assert "ApplicationId" not in arrival.headers
    assert ("a-1", Webhook("https://d.test/answer", "GET"), "SECRET PEM") == (made.id, made.answer, made.private_key)


@pytest.mark.parametrize(
    "reply", [replying(500), replying(504, text="<html>"), replying(201, text="?"), replying(408), replying(201, {})]
)
async def test_doubtful_answer_is_not_to_be_repeated(world: World, reply: Reply) -> None:
    """Where it may have been made all the same, the error says so, for a second one would be another application."""
    world.gateway.replies = [reply]
    with pytest.raises(CarrierError, match="may have been made") as caught:
        await world.voice.applications.create(WANTED)

    assert (False, 1) == (caught.value.retryable, len(world.gateway.arrivals))


async def test_lost_answer_is_not_to_be_repeated(world: World) -> None:
    """The same where no answer came at all."""
    world.gateway.replies = [world.gateway.reset]
    with pytest.raises(CarrierError, match="may have been made") as caught:
        await world.voice.applications.create(WANTED)

    assert (False, 1) == (caught.value.retryable, len(world.gateway.arrivals))


@pytest.mark.parametrize(("status", "retryable"), [(400, False), (403, False), (429, True)])
async def test_refused_making_is_told(world: World, status: int, *, retryable: bool) -> None:
    """What was surely not made is told as refused."""
    world.gateway.replies = [replying(status, {"title": "No"})]
    with pytest.raises(CarrierError, match=f"HTTP {status}: No") as caught:
        await world.voice.applications.create(WANTED)

    assert retryable == caught.value.retryable


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (NewApplication(name=" ", answer_url="https://d.test", event_url="https://d.test"), "name"),
        (NewApplication(name="a\nb", answer_url="https://d.test", event_url="https://d.test"), "name"),
        (NewApplication(name="a", answer_url="d.test", event_url="https://d.test"), "answer_url"),
        (NewApplication(name="a", answer_url="https://d.test", event_url=""), "event_url"),
        (
            NewApplication(name="a", answer_url="https://d", event_url="https://d", answer_method="PUT"),  # type: ignore[arg-type]  # the point
            "answer_method",
        ),
    ],
)
async def test_wrong_application_is_not_sent(world: World, wanted: NewApplication, field: str) -> None:
    """What cannot be an application is an error with its field, and nothing is sent."""
    with pytest.raises(InvalidInput) as caught:
        await world.voice.applications.create(wanted)

    assert (field, []) == (caught.value.field, world.gateway.arrivals)


@pytest.mark.parametrize("reply", [replying(201, {"name": "x"}), replying(200, text="<html>")])
async def test_application_without_an_id_makes_no_sense(world: World, reply: Reply) -> None:
    """A success that shows no application is an error."""
    world.gateway.replies = [reply]
    with pytest.raises(CarrierError, match="makes no sense"):
        await world.voice.applications.get("a-1")


async def test_application_is_shown(world: World) -> None:
    """One is asked for by its id, and one that is not there is None."""
    world.gateway.replies = [replying(200, json.loads((PAYLOADS / "get_application.json").read_text())), NOT_FOUND]
    found = await world.voice.applications.get("a/1")

    assert found is not None
    assert ("My Server Demo", "/nexmo/applications/a%2F1") == (found.name, world.gateway.arrivals[0].path)
    assert await world.voice.applications.get("a-2") is None


async def test_application_is_changed_by_a_query(world: World) -> None:
    """KPN's specification has the fields of a change in the query."""
    world.gateway.replies = [replying(200, MADE)]
    changed = await world.voice.applications.change("a-1", WANTED)

    (arrival,) = world.gateway.arrivals
    assert ("PUT", FIELDS, None, "a-1") == (arrival.method, arrival.query, arrival.body, changed.id)


@pytest.mark.parametrize("status", [400, 415, 422])
async def test_refused_query_is_sent_as_a_form(world: World, status: int) -> None:
    """Where the query is not taken, the supplier's own way is tried once: a form."""
    world.gateway.replies = [replying(status), replying(200, MADE)]
    await world.voice.applications.change("a-1", WANTED)

    assert [(FIELDS, None), ({}, FIELDS)] == [(arrival.query, arrival.body) for arrival in world.gateway.arrivals]


async def test_what_is_not_there_is_neither_changed_nor_deleted(world: World) -> None:
    """Changing or deleting an application that is not there says so."""
    world.gateway.replies = [NOT_FOUND]
    with pytest.raises(NotFound):
        await world.voice.applications.change("a-1", WANTED)
    with pytest.raises(NotFound):
        await world.voice.applications.delete("a-1")


async def test_application_is_deleted(world: World) -> None:
    """Deleting is one request with an empty answer."""
    world.gateway.replies = [replying(204)]
    await world.voice.applications.delete("a-1")

    assert ["DELETE"] == [arrival.method for arrival in world.gateway.arrivals]


@pytest.mark.parametrize("application_id", ["", ".", ".."])
async def test_application_without_an_id_is_not_asked_for(world: World, application_id: str) -> None:
    """What would lead to another path, such as the list of all, is refused before it is sent."""
    with pytest.raises(CarrierError):
        await world.voice.applications.delete(application_id)

    assert [] == world.gateway.arrivals


async def test_list_is_walked_to_its_end(world: World) -> None:
    """Pages are asked for by index, and each application comes once."""
    pages = [{"count": 3, "_embedded": {"applications": [{"id": i} for i in ids]}} for ids in ("ab", "bc")]
    world.gateway.replies = [replying(200, page) for page in pages]

    assert ["a", "b", "c"] == [found.id async for found in world.voice.applications.list_all()]
    assert ["0", "1"] == [arrival.query["page_index"] for arrival in world.gateway.arrivals]


async def test_empty_list_is_empty(world: World) -> None:
    """No applications are no error."""
    world.gateway.replies = [replying(200, {"count": 0})]

    assert [] == [found async for found in world.voice.applications.list_all()]


async def test_list_without_an_end_is_an_error(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list that brings new applications for ever is given up instead of being read for ever."""
    monkeypatch.setattr(applications, "_MOST_PAGES", 3)
    world.gateway.replies = [replying(200, {"_embedded": {"applications": [{"id": str(n)}]}}) for n in range(5)]
    with pytest.raises(CarrierError, match="does not end"):
        _ = [found async for found in world.voice.applications.list_all()]

    assert 3 == len(world.gateway.arrivals)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405])
async def test_sandbox_without_a_list_is_told(world: World, status: int) -> None:
    """KPN's sandbox has no list; whatever it answers, the error says so and is final."""
    world.gateway.replies = [replying(status)]
    with pytest.raises(CarrierError, match="sandbox cannot") as caught:
        _ = [found async for found in world.voice.applications.list_all()]

    assert not caught.value.retryable


@pytest.mark.parametrize(("reply", "retryable"), [(replying(500), True), (replying(200, text="<html>"), True)])
async def test_failed_list_is_not_an_empty_one(world: World, reply: Reply, *, retryable: bool) -> None:
    """Something else than a list is an error."""
    world.gateway.replies = [reply]
    with pytest.raises(CarrierError) as caught:
        _ = [found async for found in world.voice.applications.list_all()]

    assert retryable == caught.value.retryable


GRANTED = {"access_token": "T9", "expires_in": "3599", "status": "approved", "developer_email": "a@b.example"}


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"api_product_list": "[Vonage Voice, SMS]"}, {"Vonage Voice", "SMS"}),
        ({"api_product_list_json": ["Voice - Nexmo"], "api_product_list": "[x]"}, {"Voice - Nexmo"}),
        ({"api_product_list_json": '["Voice"]'}, {"Voice"}),
        ({"api_product_list_json": "[Voice, SMS]", "api_product_list": "[a]"}, {"a"}),
        ({"api_product_list": "[]"}, set()),
        ({"api_product_list": None, "api_product_list_json": [None, 7]}, set()),
        ({}, set()),
    ],
)
async def test_products_are_read_from_a_token_answer(world: World, told: dict[str, Any], expected: set[str]) -> None:
    """The token server tells the products, in either of two forms; the token of that answer goes nowhere."""
    world.gateway.token_replies = [replying(200, GRANTED | told)]

    assert expected == await world.voice.products()
    assert [] == await world.redis.keys("*")


async def test_products_without_a_token_are_an_error(world: World) -> None:
    """Where no token is granted there are no products either."""
    world.gateway.token_replies = [replying(401, {"ErrorCode": "invalid_client"})]
    with pytest.raises(CarrierError, match="client id"):
        await world.voice.products()


@pytest.mark.parametrize(
    ("products", "expected"),
    [({"Vonage Voice"}, True), ({"nexmo-voice-prod"}, True), ({"SMS - KPN", "IoT"}, False), (set(), False)],
)
def test_voice_is_known_by_its_names(products: set[str], *, expected: bool) -> None:
    """Voice is found among products under each of its names."""
    assert expected == names_voice(products)
