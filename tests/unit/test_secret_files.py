"""Settings out of files: which files, what comes before them, and what is said of one that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialer.cli.stack import _environment
from dialer.doctor.variables import misspelt
from dialer.errors import InvalidInput
from dialer.settings import Settings, load_settings
from dialer.settings.secret_files import names_of_secrets
from tests.unit.test_trunk_settings import SOUTH


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of secrets that the environment names."""
    monkeypatch.setenv("DIALER_SECRETS_DIR", str(tmp_path))
    return tmp_path


def secret_of(settings: Settings) -> str | None:
    """The webhook secret."""
    return settings.webhook_secret.get_secret_value() if settings.webhook_secret else None


@pytest.mark.parametrize("name", ["dialer_webhook_secret", "DIALER_WEBHOOK_SECRET"])
def test_a_setting_stands_in_a_file(secrets: Path, name: str) -> None:
    """The file has the name of its variable; the space and line ends that editors leave do not count."""
    (secrets / name).write_text(" out of a file\r\n", "utf-8")

    assert "out of a file" == secret_of(load_settings())


def test_files_are_read_as_the_environment_is(secrets: Path) -> None:
    """Numbers, choices and lists too, each checked as ever."""
    (secrets / "dialer_calls_per_second").write_text("2.5\n", "utf-8")
    (secrets / "dialer_allowed_destinations").write_text("+31, +32\n", "utf-8")
    settings = load_settings()

    assert (2.5, frozenset({"+31", "+32"})) == (settings.calls_per_second, settings.allowed_destinations)
    (secrets / "dialer_calls_per_second").write_text("many\n", "utf-8")
    with pytest.raises(InvalidInput, match="DIALER_CALLS_PER_SECOND is not usable"):
        load_settings()


def test_arguments_and_the_environment_come_first(secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is read where nothing else says it; an empty variable says nothing."""
    (secrets / "dialer_webhook_secret").write_text("out of a file", "utf-8")

    monkeypatch.setenv("DIALER_WEBHOOK_SECRET", "")
    assert "out of a file" == secret_of(load_settings())
    monkeypatch.setenv("DIALER_WEBHOOK_SECRET", "of the environment")
    assert "of the environment" == secret_of(load_settings())
    assert "given" == secret_of(load_settings(webhook_secret="given"))


def test_an_empty_file_sets_nothing(secrets: Path) -> None:
    """Compose wants every secret's file to be there, also one that is not used."""
    (secrets / "dialer_webhook_secret").write_text("\n", "utf-8")
    settings = load_settings()

    assert settings.webhook_secret is None
    with pytest.raises(InvalidInput, match="DIALER_WEBHOOK_SECRET is not set"):
        settings.require("webhook_secret")


def test_no_folder_is_no_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without containers there is none."""
    monkeypatch.setenv("DIALER_SECRETS_DIR", str(tmp_path / "nowhere"))

    assert load_settings().webhook_secret is None
    assert [] == names_of_secrets(tmp_path / "nowhere")


def test_a_folder_in_place_of_a_file_is_refused(secrets: Path) -> None:
    """Docker makes one where a file to be mounted is missing; to pass it over would leave webhooks unsigned."""
    (secrets / "dialer_signature_secret").mkdir()

    with pytest.raises(
        InvalidInput, match=r"DIALER_SIGNATURE_SECRET cannot be read from .*: Is a directory"
    ) as refused:
        load_settings()
    assert "DIALER_SIGNATURE_SECRET" == refused.value.field


def test_what_is_no_text_is_refused_unseen(secrets: Path) -> None:
    """The sentence names the file and holds nothing of it."""
    (secrets / "dialer_api_key").write_bytes(b"key\xff\xfe")

    with pytest.raises(InvalidInput, match=r"DIALER_API_KEY cannot be read from .*no text in UTF-8") as refused:
        load_settings()
    assert "xff" not in str(refused.value)


def test_a_further_trunk_has_its_secret_in_a_file(secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the name of its own variable."""
    monkeypatch.setenv("DIALER_TRUNKS", "south")
    for name, value in SOUTH.items():
        if name != "CARRIER_CLIENT_SECRET":
            monkeypatch.setenv(f"DIALER_TRUNK_SOUTH_{name}", value)
    (secrets / "dialer_trunk_south_carrier_client_secret").write_text("south's", "utf-8")

    assert "south's" == load_settings().over("south").carrier_client_secret.get_secret_value()  # type: ignore[union-attr]


def test_children_read_no_files(secrets: Path) -> None:
    """What `dialer up` decided to leave unset is not set again by a file."""
    told = _environment(load_settings())
    (secrets / "dialer_signature_secret").write_text("of a carrier", "utf-8")

    assert "" == told["DIALER_SIGNATURE_SECRET"]
    assert load_settings(secrets_dir=told["DIALER_SECRETS_DIR"]).signature_secret is None


def test_a_misspelt_file_is_told(secrets: Path) -> None:
    """Of the files, too, one that looks like a setting and is none."""
    for name in ("dialer_api_key", "dialer_webhok_secret", "redis_users", "kubernetes.io"):
        (secrets / name).write_text("x", "utf-8")
    told = misspelt(names_of_secrets(secrets))

    assert "set, but no settings: dialer_webhok_secret" == told.found
    assert "did you mean DIALER_WEBHOOK_SECRET?" in told.advice
