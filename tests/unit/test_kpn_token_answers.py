"""What the token server's answers mean, and what the account never shows."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from dialer.errors import CarrierError, InvalidInput
from dialer.providers.kpn.account import KpnAccount
from dialer.providers.kpn.answers import Answer
from dialer.providers.kpn.token_answers import names_voice, read_products, read_status, read_token
from dialer.settings import Settings

GRANTED = {
    "access_token": "OpaqueTokenOf28Characters000",
    "token_type": "Bearer",
    "expires_in": "3599",
    "issued_at": "1587458037687",
    "status": "approved",
    "scope": "",
    "refresh_token": "",
    "refresh_count": "0",
}


def answer(changes: dict[str, Any]) -> Answer:
    """A good answer with some fields changed; None takes one out."""
    fields = {name: value for name, value in (GRANTED | changes).items() if value is not None}
    return Answer(200, {}, json.dumps(fields).encode())


@pytest.mark.parametrize(
    "changes",
    [
        {},
        *({"status": status} for status in ("Approved", None, "")),
        *({"token_type": kind} for kind in ("BearerToken", "bearer", None)),
        *({"expires_in": lifetime} for lifetime in (3599, "3599.9")),
    ],
)
def test_token_is_read(changes: dict[str, Any]) -> None:
    """Every scalar is text, also the lifetime; status and type may be missing or spelled differently."""
    assert ("OpaqueTokenOf28Characters000", 3599.0) == read_token(answer(changes))


@pytest.mark.parametrize(
    "changes",
    [
        *({"access_token": token} for token in (None, "", 7, "a\r\nb", "a b", "\u00e9", "x" * 4097)),
        *({"expires_in": lifetime} for lifetime in (None, "soon", "0", "-5", True)),
        *[{"status": "revoked"}, {"status": 7}, {"token_type": "mac"}],
    ],
)
def test_unusable_token_is_refused(changes: dict[str, Any]) -> None:
    """A token that fits no header, has no lifetime or is not approved is none; asking again may help."""
    with pytest.raises(CarrierError) as caught:
        read_token(answer(changes))

    assert caught.value.retryable


def test_token_may_be_as_long_as_a_header() -> None:
    """Of 4,096 characters it is taken, and its lifetime may be a second."""
    assert ("x" * 4096, 1.0) == read_token(answer({"access_token": "x" * 4096, "expires_in": "1"}))


@pytest.mark.parametrize(
    ("fields", "products"),
    [
        ({}, set()),
        ({"api_product_list": "[Nexmo Voice, SMS]"}, {"Nexmo Voice", "SMS"}),
        ({"api_product_list": " Voice "}, {"Voice"}),
        ({"api_product_list": 7}, set()),
        ({"api_product_list_json": '["Voice", "", 7, " SMS "]'}, {"Voice", "SMS"}),
        ({"api_product_list_json": ["Voice"], "api_product_list": "[SMS]"}, {"Voice"}),
        ({"api_product_list_json": "nonsense", "api_product_list": "[SMS]"}, {"SMS"}),
    ],
)
def test_products_are_read_from_either_field(fields: dict[str, Any], products: set[str]) -> None:
    """A list as JSON goes before one that only looks like it; without either there are none."""
    assert products == read_products(answer(fields))


@pytest.mark.parametrize(
    ("name", "is_voice"),
    [("KPN Voice", True), ("nexmo-api", True), ("VONAGE", True), ("SMS", False), ("", False)],
)
def test_voice_is_known_by_any_of_its_names(name: str, *, is_voice: bool) -> None:
    """However it is spelt."""
    assert is_voice == names_voice(["Number check", name])


@pytest.mark.parametrize(("status", "told"), [("approved", "approved"), (None, ""), ("", ""), (7, "")])
def test_status_of_the_project_is_told_where_it_is_there(status: object, told: str) -> None:
    """Else nothing is told."""
    assert told == read_status(answer({"status": status}))


def test_lifetime_is_bounded() -> None:
    """A token that claims to live for years is renewed within a day."""
    assert 86_400.0 == read_token(answer({"expires_in": "999999999"}))[1]


@pytest.mark.parametrize(
    ("status", "body", "retryable"),
    [
        (401, b"", False),
        (401, b'{"ErrorCode": "invalid_client", "Error": "ClientId is Invalid"}', False),
        (500, b'{"ErrorCode": "invalid_client", "Error": "ClientId is Invalid"}', False),
        (500, b'{"fault": {"detail": {"errorcode": "oauth.v2.InvalidClientIdentifier"}}}', False),
        (400, b"", False),
        (403, b"", False),
        (404, b"", False),
        (300, b"", False),
        (302, b"", False),
        (408, b"", True),
        (425, b"", True),
        (429, b"", True),
        (500, b"<html>oops</html>", True),
        (503, b"", True),
        (504, b"", True),
    ],
)
def test_refusal_tells_whether_asking_again_helps(status: int, body: bytes, *, retryable: bool) -> None:
    """A wrong client, told with 401 or with 500, must be mended by a person; an outage passes."""
    with pytest.raises(CarrierError) as caught:
        read_token(Answer(status, {}, body))

    assert (status, retryable) == (caught.value.status, caught.value.retryable)


def test_wrong_client_is_told_clearly_and_without_secrets() -> None:
    """The error names the settings to check and hides what the server repeats of them."""
    body = b'{"error": "invalid_client", "error_description": "client cid-1 with s3cret is unknown"}'
    with pytest.raises(CarrierError, match="DIALER_CARRIER_CLIENT_ID") as caught:
        read_token(Answer(401, {}, body), hide=("cid-1", "s3cret"))

    assert "client *** with *** is unknown" in str(caught.value)
    with pytest.raises(CarrierError, match=r"HTTP 503: no \*\*\*$"):
        read_token(Answer(503, {}, b'{"title": "no cid-1"}'), hide=("cid-1",))


@given(status=st.integers(200, 599), body=st.binary(max_size=200))
def test_any_answer_is_a_token_or_a_carrier_error(status: int, body: bytes) -> None:
    """No answer makes reading it fail in another way."""
    try:
        token, lifetime_s = read_token(Answer(status, {}, body))
    except CarrierError:
        return
    assert token
    assert lifetime_s > 0


def account(**changes: Any) -> KpnAccount:
    """An account with some fields changed."""
    fields: dict[str, Any] = {
        "base_url": "https://carrier.test/nexmo",
        "token_url": "https://carrier.test/token",
        "client_id": "cid-1",
        "client_secret": SecretStr("s3cret"),
        "application_id": "app-1",
        "timeout_s": 20.0,
    }
    return KpnAccount(**(fields | changes))


def test_account_shows_no_credentials() -> None:
    """The account's own text has its addresses, not its client, secret or application."""
    shown = repr(account())

    assert "https://carrier.test/nexmo" in shown
    assert not [secret for secret in ("cid-1", "s3cret", "app-1") if secret in shown]


@pytest.mark.parametrize("timeout_s", [0.1, 1.0, 9.0, 20.0, 60.0])
def test_connecting_runs_out_before_the_whole(timeout_s: float) -> None:
    """A time-out of the whole request cannot fall into connecting, so it always means: perhaps sent."""
    patience = account(timeout_s=timeout_s).patience()

    assert patience.connect is not None
    assert patience.total == timeout_s
    assert patience.connect <= min(5.0, timeout_s / 2)


def test_tokens_of_two_clients_are_told_apart() -> None:
    """Another client has another fingerprint; the same one has the same on every machine."""
    assert account().fingerprint == account(timeout_s=1.0).fingerprint
    assert account().fingerprint != account(client_id="cid-2").fingerprint


def test_application_id_must_fit_a_header() -> None:
    """A line end in the application id is found before anything is sent."""
    with pytest.raises(InvalidInput):
        account(application_id="app\r\nX: y")


def test_missing_credentials_are_named() -> None:
    """Without credentials the first one missing is named as the setting it is."""
    with pytest.raises(InvalidInput, match="DIALER_CARRIER_CLIENT_SECRET"):
        KpnAccount.from_settings(Settings(carrier_client_id="cid-1", carrier_application_id="app-1"))
