"""Signed webhooks: believed if the carrier signed just this, just now; refused with a reason in every other case."""

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.webhook_signature import FRESH_S, SKEW_S, Distrust, verify

SECRET = "a-secret-of-the-account"
NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
BODY = b'{"status": "answered", "uuid": "u-1"}'


def claims(payload: bytes = BODY, **changes: Any) -> dict[str, Any]:
    """What the carrier claims; a change to None leaves a claim out."""
    told = {
        "iat": int(NOON.timestamp()),
        "jti": "j-1",
        "iss": "Vonage",
        "api_key": "k",
        "payload_hash": sha256(payload).hexdigest(),
        "application_id": "app-1",
    } | changes
    return {name: value for name, value in told.items() if value is not None}


def encoded(text: bytes) -> str:
    """Base64 as tokens have it."""
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def signed(told: Any, *, secret: str = SECRET, algorithm: str = "HS256") -> str:
    """The header for these claims, signed by hand, so that the library does not judge itself."""
    parts = [json.dumps(each).encode() for each in ({"alg": algorithm, "typ": "JWT"}, told)]
    text = ".".join(map(encoded, parts))
    signature = hmac.digest(secret.encode(), text.encode(), f"sha{algorithm.removeprefix('HS')}")
    return f"Bearer {text}.{encoded(signature)}"


def judged(header: str | None, payload: Any = BODY, *, now: datetime = NOON) -> Distrust | None:
    """The verdict of our application."""
    return verify(header, payload, secret=SECRET, now=now, application_id="app-1")


def test_what_the_carrier_signed_is_believed() -> None:
    """The carrier's own signature over just this body is believed."""
    assert judged(signed(claims())) is None
    assert judged(signed(claims()).replace("Bearer", "bearer")) is None
    assert judged(signed(claims(payload_hash=sha256(BODY).hexdigest().upper()))) is None


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic dTpw", "xBearer a.b.c"])
def test_missing_signature_is_named(header: str | None) -> None:
    """Without a bearer token there is no signature."""
    assert Distrust.MISSING == judged(header)


@pytest.mark.parametrize(
    "header",
    [
        "Bearer x",
        "Bearer a.b.c",
        "Bearer ..",
        "Bearer \u00e9.b.c",
        f"Bearer {'a' * 9000}",
        signed(claims(iat=None)),
        signed(claims(iat="soon")),
        signed(claims(iat=True)),
        signed(claims(iat=-1)),
        signed(claims(iat=1e300)),
        signed(claims(exp="never")),
    ],
)
def test_what_is_no_token_is_malformed(header: str) -> None:
    """What cannot be read, or does not say when it was signed, is malformed."""
    assert Distrust.MALFORMED == judged(header)


def crafted(algorithm: object, told: Any, signature: bytes = b"") -> str:
    """A header of any algorithm and claims, signed by whoever crafted it, if at all."""
    parts = [json.dumps(each).encode() for each in ({"alg": algorithm, "typ": "JWT"}, told)]
    return "Bearer " + ".".join(map(encoded, (*parts, signature)))


@pytest.mark.parametrize(
    "header",
    [
        crafted("none", claims()),
        crafted("None", claims()),
        crafted("RS256", claims(), b"x"),
        crafted(["HS256"], claims()),
        crafted(None, claims()),
        signed(claims(), algorithm="HS384"),
        signed(claims(), algorithm="HS512"),
    ],
)
def test_only_one_algorithm_counts(header: str) -> None:
    """A token that is not signed, or signed in any other way, even with the right secret, is refused for that."""
    assert Distrust.ALGORITHM == judged(header)


def test_other_secret_does_not_count() -> None:
    """A signature with another secret, none, or over changed claims is wrong."""
    header = signed(claims())
    head, _, tail = header.rpartition(".")
    changed = crafted("HS256", claims(jti="j-2")).rpartition(".")[0]

    assert Distrust.SIGNATURE == judged(signed(claims(), secret="another"))
    assert Distrust.SIGNATURE == judged(f"{head}.")
    assert Distrust.SIGNATURE == judged(f"{changed}.{tail}")


@pytest.mark.parametrize("told", [["iat"], "iat", 7, None])
def test_claims_that_are_no_object_are_malformed(told: object) -> None:
    """A rightly signed token of something else than claims is malformed, not a crash."""
    assert Distrust.MALFORMED == judged(signed(told))


@pytest.mark.parametrize(
    ("after_s", "expected"),
    [
        (-SKEW_S - 1, Distrust.FUTURE),
        (-SKEW_S, None),
        (0, None),
        (FRESH_S, None),
        (FRESH_S + 1, Distrust.STALE),
        (10**8, Distrust.STALE),
    ],
)
def test_signature_is_good_for_a_while(after_s: int, expected: Distrust | None) -> None:
    """It may be minutes old, and a little ahead of our clock, no more."""
    assert expected == judged(signed(claims()), now=NOON + timedelta(seconds=after_s))


def test_end_of_its_own_is_kept() -> None:
    """A signature that names its own end is not believed long after it."""
    header = signed(claims(exp=int(NOON.timestamp()) + 10))

    assert judged(header, now=NOON + timedelta(seconds=10 + SKEW_S)) is None
    assert Distrust.STALE == judged(header, now=NOON + timedelta(seconds=11 + SKEW_S))


@pytest.mark.parametrize("payload", [b"", BODY + b" ", b"{}", {"status": "answered", "uuid": "u-1"}])
def test_signature_is_bound_to_the_body(payload: Any) -> None:
    """The same token over any other body, even one that means the same, is refused."""
    assert Distrust.PAYLOAD == judged(signed(claims()), payload)


@pytest.mark.parametrize("told", [None, "", 7, ["x"], "\u00e9" * 64, "0" * 64])
def test_signature_without_a_usable_hash_binds_nothing(told: Any) -> None:
    """A token that says nothing of the body would be good for every body."""
    assert Distrust.PAYLOAD == judged(signed(claims(payload_hash=told)))


QUERY = {"to": "31612345678", "url": "https://d.test/a?b", "name": "Zo\u00eb"}


@pytest.mark.parametrize("written", ["Zo\u00eb", "Zo\\u00eb"])
def test_parameters_of_a_get_are_bound_in_their_order(written: str) -> None:
    """A GET is signed over its parameters as compact JSON, however letters beyond ASCII are written in it."""
    compact = f'{{"to":"31612345678","url":"https://d.test/a?b","name":"{written}"}}'.encode()
    header = signed(claims(compact))

    assert judged(header, QUERY) is None
    assert judged(header, list(QUERY.items())) is None
    assert Distrust.PAYLOAD == judged(header, list(reversed(QUERY.items())))
    assert Distrust.PAYLOAD == judged(header, QUERY | {"to": "31600000000"})


def test_application_counts_where_both_name_one() -> None:
    """A webhook of another application is refused; one that names none is not."""
    assert Distrust.APPLICATION == judged(signed(claims(application_id="app-2")))
    assert judged(signed(claims(application_id=None))) is None
    assert verify(signed(claims()), BODY, secret=SECRET, now=NOON) is None


def test_without_a_secret_nothing_is_verified() -> None:
    """An empty secret would believe whoever guesses it; it is a mistake of ours."""
    with pytest.raises(ValueError, match="without a secret"):
        verify(signed(claims()), BODY, secret="", now=NOON)


@given(st.text(max_size=200))
def test_no_header_is_believed_or_breaks(header: str) -> None:
    """Whatever stands in the header ends in a reason."""
    assert judged(header) in set(Distrust)
    assert judged(f"Bearer {header}") in set(Distrust)


@given(st.binary(max_size=200))
def test_any_body_can_be_signed(body: bytes) -> None:
    """The hash is over raw bytes, whatever they are."""
    assert judged(signed(claims(body)), body) is None


def test_reasons_are_labels_of_a_metric() -> None:
    """Alerts and dashboards know them by these words."""
    assert [
        "missing", "malformed", "algorithm", "signature", "stale", "future", "payload", "application",
    ] == [reason.value for reason in Distrust]  # fmt: skip
    assert (300, 60) == (FRESH_S, SKEW_S)


def test_what_follows_the_scheme_is_the_token() -> None:
    """All of it: two words are no token; blanks around it mean nothing, nor how the scheme is written."""
    header = signed(claims())

    assert Distrust.MALFORMED is judged(f"{header} more")
    assert None is judged(f"  bEARER   {header.removeprefix('Bearer ')}  ")


def test_a_moment_is_one_between_1970_and_9999() -> None:
    """Its first and its last second are moments, if not of today; a truth is none, nor is what lies outside."""
    ends = 253402300799

    assert Distrust.STALE is judged(signed(claims(iat=0)))
    assert Distrust.FUTURE is judged(signed(claims(iat=ends)))
    assert [Distrust.MALFORMED] * 4 == [judged(signed(claims(iat=iat))) for iat in (-1, ends + 1, True, "1")]
    assert [None, Distrust.MALFORMED] == [judged(signed(claims(exp=exp))) for exp in (ends, ends + 1)]
    assert None is judged(signed(claims(iat=NOON.timestamp() + 0.5)))


def test_a_token_may_be_as_long_as_a_header() -> None:
    """8,192 characters are taken; what is longer is none that the carrier sends."""
    headers = [signed(claims(jti="j" * length)) for length in range(5_860, 5_960)]
    lengths = [len(header.removeprefix("Bearer ")) for header in headers]

    assert 8_192 in lengths
    assert [None if length <= 8_192 else Distrust.MALFORMED for length in lengths] == [*map(judged, headers)]


def test_a_hash_may_be_written_in_capitals() -> None:
    """It is the same number."""
    assert None is judged(signed(claims(payload_hash=sha256(BODY).hexdigest().upper())))
