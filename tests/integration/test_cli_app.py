"""`dialer app` against the carrier stand-in, with neither API nor Redis."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from click.testing import Result

from dialer.simulator import Simulator, SimulatorConfig
from tests.fakes.command_line import dialer

ID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
SECRET = "the secret of these tests"
URLS = ("--answer-url", "https://d.test/answer", "--event-url", "https://d.test/event")
KEY = "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----"


@pytest.fixture
async def carrier() -> AsyncIterator[Simulator]:
    """A carrier without faults."""
    async with Simulator() as running:
        yield running


async def _app(carrier: Simulator, *words: str, typed: str | None = None, **settings: str) -> Result:
    fixed = {
        "DATA_DIR": "/nowhere",
        "CARRIER_URL": carrier.url,
        "CARRIER_TOKEN_URL": carrier.token_url,
        "CARRIER_CLIENT_ID": "me",
        "CARRIER_CLIENT_SECRET": SECRET,
    }
    return await dialer("app", *words, settings=fixed | settings, typed=typed)


async def _made(carrier: Simulator, *words: str) -> str:
    """The id of a new application."""
    return str(json.loads((await _app(carrier, "create", *URLS, "--json", *words)).stdout)["id"])


async def test_create_prints_the_setting(carrier: Simulator) -> None:
    """A new application's id is printed as the variable to set."""
    result = await _app(carrier, "create", *URLS)

    assert 0 == result.exit_code, result.output
    assert re.search(rf"\n  export DIALER_CARRIER_APPLICATION_ID={ID}\n", result.stdout)


async def test_urls_default_to_the_public_address(carrier: Simulator) -> None:
    """Without URLs those below DIALER_PUBLIC_URL are given, and it is said that any will do."""
    result = await _app(carrier, "create", PUBLIC_URL="https://dialer.test")

    assert "Its answer URL is https://dialer.test/webhooks/answer; each call carries its own" in result.stdout


async def test_without_any_address_nothing_is_made(carrier: Simulator) -> None:
    """Without URLs and public address the option and the variable are named, and the carrier is not asked."""
    result = await _app(carrier, "create")

    assert (1, []) == (result.exit_code, carrier.log)
    assert "Error: --answer-url: name the answer URL, or set DIALER_PUBLIC_URL" in result.stderr


async def test_missing_credentials_are_named() -> None:
    """Without credentials each missing variable is named; an application's id is not among them."""
    result = await dialer("app", "list", settings={"DATA_DIR": "/nowhere"})

    assert 1 == result.exit_code
    assert ["CLIENT_ID", "CLIENT_SECRET"] == re.findall(r"DIALER_CARRIER_(\w+) is not set", result.stderr)


async def test_list_marks_the_one_in_use(carrier: Simulator) -> None:
    """The application that the settings name is marked among the others."""
    first, second = await _made(carrier), await _made(carrier, "--name", "Other")
    lines = (await _app(carrier, "list", CARRIER_APPLICATION_ID=second)).stdout.splitlines()

    assert [[first, "dialer"], ["*", second]] == [line.split()[:2] for line in lines[1:]]


async def test_empty_list_says_how_to_make_one(carrier: Simulator) -> None:
    """No application is no error, and the next step is named."""
    result = await _app(carrier, "list")

    assert (0, True) == (result.exit_code, "dialer app create" in result.stdout)


async def test_sandbox_without_a_list_is_told() -> None:
    """KPN's sandbox has no list: the sentence says so."""
    async with Simulator(SimulatorConfig(application_list="refused")) as carrier:
        result = await _app(carrier, "list")

    assert (1, True) == (result.exit_code, "KPN's sandbox cannot" in result.stderr)


async def test_change_leaves_the_rest(carrier: Simulator) -> None:
    """Only what is named is changed."""
    made = await _made(carrier)
    changed = await _app(carrier, "change", made, "--name", "Better")
    shown = await _app(carrier, "show", made)

    assert shown.stdout == changed.stdout
    expected = (f"{made} (Better)", "GET https://d.test/answer", "POST https://d.test/event")
    assert all(part in shown.stdout for part in expected)


async def test_change_of_nothing_is_a_usage_error(carrier: Simulator) -> None:
    """Without a wish nothing is asked."""
    assert (2, []) == ((await _app(carrier, "change", "a-1")).exit_code, carrier.log)


@pytest.mark.parametrize(("typed", "words", "left"), [("n\n", (), 1), ("y\n", (), 0), (None, ("--yes",), 0)])
async def test_delete_asks_first(carrier: Simulator, typed: str | None, words: tuple[str, ...], left: int) -> None:
    """An application is removed only after a yes."""
    made = await _made(carrier)
    await _app(carrier, "delete", made, *words, typed=typed)

    assert left == len(json.loads((await _app(carrier, "list", "--json")).stdout)["applications"])


async def test_what_is_not_there_is_told(carrier: Simulator) -> None:
    """Showing or deleting what the carrier does not have ends as a sentence."""
    for verb in (("show",), ("delete", "--yes")):
        result = await _app(carrier, *verb, "a-1")
        assert (1, True) == (result.exit_code, "has no application a-1: see `dialer app list`" in result.stderr)


async def test_token_tells_life_and_products(carrier: Simulator) -> None:
    """The check of the token tells its lifetime, status and products, never the token."""
    result = await _app(carrier, "token")

    assert "An access token is granted for 3599 s; status: approved.\nProducts: voice-nexmo.\n" == result.stdout


async def test_wrong_secret_is_told_without_it() -> None:
    """A wrong client names the variables to check and does not show their values."""
    async with Simulator(SimulatorConfig(client_secret="another")) as carrier:
        result = await _app(carrier, "token")

    assert (1, True, False) == (
        result.exit_code,
        "check DIALER_CARRIER_CLIENT_ID and _SECRET" in result.stderr,
        SECRET in result.output,
    )


async def test_recording_token_is_not_shown(carrier: Simulator) -> None:
    """That one is issued is told by its length alone."""
    result = await _app(carrier, "recording-token", CARRIER_APPLICATION_ID="app-1")

    assert 0 == result.exit_code
    assert re.fullmatch(r"A recording token of \d+ characters is issued to app-1\.\n", result.stdout)
    assert "CARRIER_APPLICATION_ID is not set" in (await _app(carrier, "recording-token")).stderr


async def _keyed(*words: str) -> Result:
    """`dialer app create` at a carrier that tells a private key."""

    async def token(_: web.Request) -> web.Response:
        return web.json_response({"access_token": "T", "expires_in": "3599"})

    async def create(_: web.Request) -> web.Response:
        return web.json_response({"id": "a-1", "name": "x", "keys": {"private_key": KEY}}, status=201)

    app = web.Application()
    app.router.add_post("/token", token)
    app.router.add_post("/applications", create)
    async with TestServer(app) as server:
        at = {"CARRIER_URL": str(server.make_url("")), "CARRIER_TOKEN_URL": str(server.make_url("/token"))}
        credentials = {"CARRIER_CLIENT_ID": "me", "CARRIER_CLIENT_SECRET": SECRET, "DATA_DIR": "/nowhere"}
        return await dialer("app", "create", *URLS, *words, settings=at | credentials)


async def test_private_key_is_kept_in_the_named_file(tmp_path: Path) -> None:
    """The key goes into the file, readable by its user only, and nowhere else."""
    file = tmp_path / "key.pem"
    result = await _keyed("--private-key-file", str(file))

    assert (0, f"{KEY}\n", 0o600) == (result.exit_code, file.read_text(), file.stat().st_mode & 0o777)
    assert "MIIB" not in result.output


async def test_private_key_without_a_file_is_dropped() -> None:
    """Without a file the key is dropped, and that is said."""
    result = await _keyed("--json")

    assert ("a-1", False) == (json.loads(result.stdout)["id"], "MIIB" in result.output)
    assert "which was dropped" in result.stderr


async def test_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    """A file that is there already stops everything before the carrier is asked."""
    file = tmp_path / "key.pem"
    file.write_text("another")
    result = await _keyed("--private-key-file", str(file))

    assert (1, "another") == (result.exit_code, file.read_text())
    assert "nothing was asked of the carrier" in result.stderr


async def test_no_empty_file_is_left(carrier: Simulator, tmp_path: Path) -> None:
    """Where the carrier tells no key no file stays behind."""
    file = tmp_path / "key.pem"
    result = await _app(carrier, "create", *URLS, "--private-key-file", str(file))

    assert (0, False) == (result.exit_code, file.exists())
    assert "The carrier told no private key" in result.stderr
