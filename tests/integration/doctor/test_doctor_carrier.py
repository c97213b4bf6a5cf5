"""What the doctor says of the carrier, asked at a stand-in that is told apart from one by its address."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from dialer.doctor import carrier, clocks
from dialer.doctor.finding import Finding, State
from dialer.doctor.patient import Patient, open_patient
from dialer.providers.assets import Access, NewApplication
from dialer.settings import Settings
from dialer.simulator import Simulator, SimulatorConfig

SECRET = "the secret of these tests"
# A loopback address that is not the one of stand-ins.
ELSEWHERE = "127.0.0.2"
Look = Callable[[Patient], Awaitable[Finding]]


@asynccontextmanager
async def _patient(
    config: SimulatorConfig | None = None, *, application_id: str | None = "app-1", **more: Any
) -> AsyncIterator[tuple[Patient, Simulator]]:
    async with Simulator(config or SimulatorConfig(host=ELSEWHERE)) as running:
        settings = Settings(
            carrier_url=running.url,
            carrier_token_url=running.token_url,
            carrier_client_id="me",
            carrier_client_secret=SECRET,
            carrier_application_id=application_id,
            **more,
        )
        async with open_patient(settings, "") as patient:
            yield patient, running


@pytest.mark.parametrize(
    ("look", "words"),
    [
        (carrier.token, "granted for 3599 s, status approved"),
        (carrier.product, "voice-nexmo"),
        (carrier.recordings, "characters is issued"),
    ],
)
async def test_good_account_is_well(look: Look, words: str) -> None:
    """Token, product and recording token of a project in order."""
    async with _patient() as (patient, _):
        finding = await look(patient)

    assert (State.OK, True) == (finding.state, words in finding.found), finding


@pytest.mark.parametrize(
    ("config", "state", "words"),
    [
        (SimulatorConfig(host=ELSEWHERE, client_secret="another"), State.FAILED, "check DIALER_CARRIER_CLIENT_ID"),
        (SimulatorConfig(host=ELSEWHERE, token_down_from_s=0), State.FAILED, "No access token"),
        (SimulatorConfig(host=ELSEWHERE, token_status="revoked"), State.FAILED, "is not approved"),
        (SimulatorConfig(host=ELSEWHERE, token_lifetime_s=60), State.WARNING, "granted for 60 s"),
    ],
)
async def test_bad_token_is_told(config: SimulatorConfig, state: State, words: str) -> None:
    """What is wrong with the access token is told with advice and without the secret."""
    async with _patient(config) as (patient, _):
        finding = await carrier.token(patient)

    assert (state, True, True) == (finding.state, words in finding.found, bool(finding.advice)), finding
    assert SECRET not in f"{finding}"


@pytest.mark.parametrize(
    ("products", "state"), [(frozenset[str](), State.WARNING), (frozenset({"SMS - KPN"}), State.FAILED)]
)
async def test_missing_product_is_told(monkeypatch: pytest.MonkeyPatch, products: frozenset[str], state: State) -> None:
    """Without Voice among the products calls are refused; where none is told nobody knows."""
    async with _patient() as (patient, _):

        async def check_access(_self: object) -> Access:
            return Access(lifetime_s=3600, status="approved", products=products)

        monkeypatch.setattr(type(patient.provider), "check_access", check_access)
        assert state is (await carrier.product(patient)).state


async def test_application_is_looked_up() -> None:
    """One that is there and for calls is well."""
    async with _patient() as (maker, running):
        wanted = NewApplication(name="x", answer_url="https://d.test/a", event_url="https://d.test/e")
        made = await maker.provider.applications.create(wanted)
        settings = maker.settings.model_copy(update={"carrier_application_id": made.id, "carrier_url": running.url})
        async with open_patient(settings, "") as patient:
            finding = await carrier.application(patient)

    assert (State.OK, f"{made.id} (x), for voice") == (finding.state, finding.found)


@pytest.mark.parametrize(("application_id", "words"), [("app-1", "none of the id app-1"), (None, "none is set")])
async def test_missing_application_is_told(application_id: str | None, words: str) -> None:
    """One that is not there, or not set, names the command that makes one."""
    async with _patient(application_id=application_id) as (patient, _):
        finding = await carrier.application(patient)

    assert (State.FAILED, True) == (finding.state, words in finding.found)
    assert "dialer app create" in finding.advice


async def test_application_for_something_else_is_told() -> None:
    """One for messages places no calls."""
    async with _patient() as (maker, running):
        form = {"name": "x", "type": "message", "answer_url": "https://d.test/a", "event_url": "https://d.test/e"}
        made = await _without_voice(maker, running, form)
        settings = maker.settings.model_copy(update={"carrier_application_id": made})
        async with open_patient(settings, "") as patient:
            finding = await carrier.application(patient)

    assert (State.FAILED, True) == (finding.state, "not for voice" in finding.found), finding


async def _without_voice(maker: Patient, running: Simulator, form: dict[str, str]) -> str:
    token = running.tokens.issue("me")["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    async with maker.http.post(f"{running.url}/applications", data=form, headers=headers) as response:
        return str((await response.json())["id"])


async def test_stand_in_takes_any_application() -> None:
    """At a stand-in an application that it does not keep is none the less in order."""
    async with _patient(SimulatorConfig()) as (patient, _):
        finding = await carrier.application(patient)

    assert (State.OK, "app-1: the stand-in takes any") == (finding.state, finding.found)


async def test_refused_recording_token_is_a_warning() -> None:
    """Calls go out without it; recordings cannot be fetched."""
    config = SimulatorConfig(host=ELSEWHERE, application_id="another", wrong_application_status=403)
    async with _patient(config) as (patient, _):
        assert State.WARNING is (await carrier.recordings(patient)).state


async def test_carriers_clock_is_read_from_its_answer(redis_url: str) -> None:
    """Any answer of the carrier tells its time, whatever it says."""
    async with _patient(redis_url=redis_url) as (patient, _):
        assert State.OK is (await clocks.carrier(patient)).state


async def test_absent_carrier_is_told(redis_url: str) -> None:
    """A carrier that cannot be reached is told with what may stand between."""
    async with open_patient(Settings(redis_url=redis_url, carrier_url="http://127.0.0.2:9"), "") as patient:
        finding = await clocks.carrier(patient)

    assert (State.FAILED, True) == (finding.state, "firewall" in finding.advice)


async def test_unset_credentials_are_skipped() -> None:
    """What the step `settings` has told is not told again."""
    async with open_patient(Settings(), "") as patient:
        assert State.SKIPPED is (await carrier.token(patient)).state


@pytest.mark.parametrize(
    ("secret", "state", "words"),
    [
        (SECRET, State.OK, "south: each has a token, Voice and its application"),
        ("another", State.FAILED, "south: "),
    ],
)
async def test_each_further_trunk_is_looked_at(secret: str, state: State, words: str) -> None:
    """One line for all that are well; else which of them is not, and what to do about it."""
    async with Simulator(SimulatorConfig(client_secret=SECRET)) as carrier_of_south:
        south = {
            "carrier_url": carrier_of_south.url,
            "carrier_token_url": carrier_of_south.token_url,
            "carrier_client_id": "me",
            "carrier_client_secret": secret,
            "carrier_application_id": "app-1",
            "from_number": "+31207654321",
            "calls_per_second": 3,
        }
        async with _patient(trunks={"south": south}) as (patient, _):
            finding = await carrier.trunks(patient)

    assert (state, True) == (finding.state, finding.found.startswith(words)), finding


async def test_main_alone_needs_no_further_look() -> None:
    """Where no trunk is named there is none to look at."""
    async with _patient() as (patient, _):
        assert "main alone" == (await carrier.trunks(patient)).found
