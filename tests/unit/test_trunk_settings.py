"""Settings of further trunks: what each has of its own, what it shares, and what is said of a wrong one."""

from __future__ import annotations

import pytest

from dialer.cli.stack import _environment
from dialer.cli.stand_in import pointing_at
from dialer.doctor.finding import State
from dialer.doctor.variables import misspelt
from dialer.errors import InvalidInput
from dialer.settings import TRUNK_FIELDS, Settings, load_settings, trunk_variable

SOUTH = {
    "CARRIER_CLIENT_ID": "south",
    "CARRIER_CLIENT_SECRET": "south's",
    "CARRIER_APPLICATION_ID": "app-south",
    "FROM_NUMBER": "31207654321",
    "CALLS_PER_SECOND": "30",
}


@pytest.fixture
def south(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment with `main` and `south`."""
    monkeypatch.setenv("DIALER_TRUNKS", " south, ")
    monkeypatch.setenv("DIALER_CARRIER_URL", "https://carrier.example.com/voice/")
    monkeypatch.setenv("DIALER_SLOTS", "7")
    monkeypatch.setenv("DIALER_RINGING_TIMER_S", "20")
    for name, value in SOUTH.items():
        monkeypatch.setenv(f"DIALER_TRUNK_SOUTH_{name}", value)
    return monkeypatch


@pytest.mark.usefixtures("south")
def test_a_trunk_has_its_own_account_and_shares_the_rest() -> None:
    """Left out, addresses and timers are those of `main`; pace, burst and slots never are."""
    settings = load_settings(calls_per_second=3)
    over = settings.over("south")

    assert ("main", "south") == settings.trunk_names
    assert settings is settings.over("main")
    assert ("south", "south's", "app-south", "+31207654321", 30, 1, 0) == (
        over.carrier_client_id, over.carrier_client_secret and over.carrier_client_secret.get_secret_value(),
        over.carrier_application_id, over.from_number, over.calls_per_second, over.burst, over.slots,
    )  # fmt: skip
    assert ("https://carrier.example.com/voice", 20) == (over.carrier_url, over.ringing_timer_s)
    assert "south's" not in repr(settings)


def test_without_further_trunks_there_is_main() -> None:
    """Which needs nothing that it did not need before."""
    assert ("main",) == Settings().trunk_names


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("DIALER_TRUNKS", "south,Weird", "'Weird' is no name"),
        ("DIALER_TRUNKS", "a_b", "'a_b' is no name"),
        ("DIALER_TRUNKS", "main", "'main' is there anyway"),
        ("DIALER_TRUNKS", "south,west", "not set: DIALER_TRUNK_WEST_CARRIER_CLIENT_ID, DIALER_TRUNK_WEST_CARRIER_"),
        ("DIALER_TRUNK_SOUTH_FROM_NUMBER", "", "not set: DIALER_TRUNK_SOUTH_FROM_NUMBER"),
        ("DIALER_TRUNK_SOUTH_FROM_NUMBER", "020", "DIALER_TRUNK_SOUTH_FROM_NUMBER: "),
        ("DIALER_TRUNK_SOUTH_CALLS_PER_SECOND", "0", "DIALER_TRUNK_SOUTH_CALLS_PER_SECOND: "),
        ("DIALER_TRUNK_SOUTH_SLOTS", "many", "DIALER_TRUNK_SOUTH_SLOTS: "),
        ("DIALER_TRUNK_SOUTH_CARRIER_EXTRAS", "all", "DIALER_TRUNK_SOUTH_CARRIER_EXTRAS: "),
        ("DIALER_TRUNK_SOUTH_SIGNATURE_SECRET", "s", "DIALER_SIGNATURE_SECRET must be set: "),
        ("DIALER_SIGNATURE_SECRET", "s", "DIALER_TRUNK_SOUTH_SIGNATURE_SECRET must be set: "),
        ("DIALER_CALLS_PER_SECOND", "many", "DIALER_CALLS_PER_SECOND is not usable"),
    ],
)
def test_what_is_wrong_is_named(south: pytest.MonkeyPatch, variable: str, value: str, words: str) -> None:
    """Before anything starts, by its variable."""
    south.setenv(variable, value)

    with pytest.raises(InvalidInput, match=words) as refused:
        load_settings()
    assert "south's" not in str(refused.value)


def test_an_unknown_trunk_has_no_settings() -> None:
    """Asked for by name, it is refused."""
    with pytest.raises(InvalidInput, match="there is no trunk 'west'"):
        Settings().over("west")


@pytest.mark.usefixtures("south")
def test_a_stand_in_is_main_alone() -> None:
    """Against a stand-in no phone rings: the other trunks' carriers are real ones, and children are told so."""
    settings = load_settings()

    assert "south" == _environment(settings)["DIALER_TRUNKS"]
    simulated = settings.model_copy(update=pointing_at("http://127.0.0.1:1"))
    assert "" == _environment(simulated)["DIALER_TRUNKS"]


def test_variables_of_a_trunk_are_known_where_it_is_named() -> None:
    """Misspelt, or of a trunk that nobody named, they are told."""
    names = [trunk_variable("south", field) for field in TRUNK_FIELDS]

    assert State.OK is misspelt(names, ["south"]).state
    assert State.WARNING is misspelt(names).state
    assert "did you mean DIALER_TRUNK_SOUTH_SLOTS?" in misspelt(["DIALER_TRUNK_SOUTH_SLOT"], ["south"]).advice
