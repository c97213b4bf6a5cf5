"""What the token server's answer means. No I/O.

Every value is text, the lifetime too (REFERENCE 2.1), and a wrong client was seen as 401 and as 500. An answer holds
the token and an e-mail address, so it is never shown; of an error, only the words.
"""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus as Http
from typing import NoReturn

from dialer.errors import CarrierError
from dialer.providers.kpn.answers import Answer, describe, read_json
from dialer.providers.kpn.figures import read_count, read_text

LONGEST_LIFETIME_S = 24 * 60 * 60
"""KPN's tokens live an hour. One that claims more than a day is renewed daily all the same."""
_LONGEST_TOKEN = 4096
_WRONG_CLIENT = ("invalid_client", "invalidclientidentifier")
# These may go well a moment later; every other refusal is answered by mending the settings.
_PASSING = frozenset({Http.REQUEST_TIMEOUT, Http.TOO_EARLY, Http.TOO_MANY_REQUESTS})
_SUCCESS = range(200, 300)


def read_token(answer: Answer, hide: Iterable[str] = ()) -> tuple[str, float]:
    """The access token and its lifetime in seconds from when it was asked for.

    Raises:
        CarrierError: no token; `retryable` tells whether asking again may help.
    """
    if answer.status not in _SUCCESS:
        _refuse(answer, hide)
    fields = answer.fields()
    token, lifetime_s = fields.get("access_token"), read_count(fields.get("expires_in"))
    if not (isinstance(token, str) and _fits_a_header(token)):
        _doubt("has no usable access_token")
    if not lifetime_s:
        _doubt("has no usable expires_in")
    if _told(fields.get("status")) not in {"", "approved"}:
        _doubt("is not approved")
    if not _told(fields.get("token_type") or "bearer").startswith("bearer"):
        _doubt("is for another kind of token")
    return token, float(min(lifetime_s, LONGEST_LIFETIME_S))


def read_products(answer: Answer) -> frozenset[str]:
    """The names of the products that the project may use, from either of the two fields; empty if neither is there."""
    fields = answer.fields()
    listed = fields.get("api_product_list_json")
    if isinstance(listed, str):
        listed = read_json(listed)
    if not isinstance(listed, list):
        text = fields.get("api_product_list")
        listed = text.strip().removeprefix("[").removesuffix("]").split(",") if isinstance(text, str) else []
    return frozenset(name for each in listed if (name := read_text(each)))


def read_status(answer: Answer) -> str:
    """The status of the project that a token was granted to, empty where none is told."""
    return read_text(answer.fields().get("status")) or ""


def names_voice(products: Iterable[str]) -> bool:
    """Whether one of them looks like Voice. A hint: KPN's names have changed, from Nexmo to Vonage."""
    return any(word in name.lower() for name in products for word in ("voice", "nexmo", "vonage"))


def _refuse(answer: Answer, hide: Iterable[str]) -> NoReturn:
    body = answer.body.lower()
    if any(word.encode() in body for word in _WRONG_CLIENT) or answer.status == Http.UNAUTHORIZED:
        message = (
            "The carrier does not know this client id with this secret: check DIALER_CARRIER_CLIENT_ID and _SECRET"
        )
        raise CarrierError(f"{message} ({describe(answer, hide)})", status=answer.status, retryable=False)
    retryable = answer.status >= Http.INTERNAL_SERVER_ERROR or answer.status in _PASSING
    raise CarrierError(f"No access token: {describe(answer, hide)}", status=answer.status, retryable=retryable)


def _doubt(why: str) -> NoReturn:
    # Perhaps a page of something in between, so it is worth asking again.
    raise CarrierError(f"No access token: the token server's answer {why}", retryable=True)


def _told(value: object) -> str:
    return "" if value is None else str(value).strip().lower()


def _fits_a_header(token: str) -> bool:
    return 0 < len(token) <= _LONGEST_TOKEN and token.isascii() and token.isprintable() and " " not in token
