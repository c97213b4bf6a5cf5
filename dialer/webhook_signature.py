"""Whether a signed webhook is what the carrier sent: a JWT in `Authorization`, bound to the body. No I/O.

The carrier signs with HS256 and a secret of the account; `payload_hash` is the SHA-256 of the raw body or, for a GET,
of the parameters as compact JSON in their order (REFERENCE 8.4). This is a second lock: the token in the path is
checked always, this one where a secret is set.

A webhook may be sent again within the window with the same signature, as the carrier itself does; repeats are for the
store to recognise.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

import jwt
from jwt.algorithms import HMACAlgorithm

FRESH_S = 300
"""How old a signature may be. The carrier's own two tries with their time limits take half a minute; the rest is for
a queue in front of us."""
SKEW_S = 60
"""How far ahead of ours the carrier's clock may be."""

_LONGEST_HEADER = 8192
_LATEST = 253402300799  # the last second of the year 9999
_ALGORITHM = "HS256"


class _AnyLength(HMACAlgorithm):
    """HMAC without the library's warning about secrets below 32 bytes: the carrier chose it, not we."""

    def check_key_length(self, key: bytes) -> str | None:  # noqa: ARG002 - the library's signature
        return None


# Signatures only: of the claims the library would judge the time by its own clock, not by the `now` that is given.
_SIGNATURES = jwt.PyJWS(algorithms=[])
_SIGNATURES.register_algorithm(_ALGORITHM, _AnyLength(HMACAlgorithm.SHA256))


class Distrust(StrEnum):
    """Why a webhook is refused; a closed set, so that it can label a metric."""

    MISSING = "missing"  # no bearer token at all
    MALFORMED = "malformed"  # one that is no JWT, or without a usable `iat`
    ALGORITHM = "algorithm"  # signed, or not signed, in another way than HS256
    SIGNATURE = "signature"  # with another secret, or changed afterwards
    STALE = "stale"  # too old, or past its own end
    FUTURE = "future"  # from a time that is yet to come
    PAYLOAD = "payload"  # not signed for this body or these parameters
    APPLICATION = "application"  # for another application than ours


def verify(
    authorization: str | None,
    payload: bytes | Mapping[str, str] | Iterable[tuple[str, str]],
    *,
    secret: str,
    now: datetime,
    application_id: str | None = None,
) -> Distrust | None:
    """Why not to believe a webhook; None if it is the carrier's.

    Args:
        authorization: the header as it came.
        payload: the raw body of a POST; the decoded parameters of a GET, in their order.
        secret: the signature secret of the carrier's account; not empty.
        now: aware.
        application_id: ours; compared where both it and the claim are there.
    """
    if not secret:
        raise ValueError("without a secret nothing can be verified")
    claims = _claims(authorization, secret)
    if isinstance(claims, Distrust):
        return claims
    untimely = _untimely(claims, now.timestamp())
    if untimely:
        return untimely
    if not _is_for(claims.get("payload_hash"), payload):
        return Distrust.PAYLOAD
    named = claims.get("application_id")
    return Distrust.APPLICATION if application_id and named is not None and named != application_id else None


def _claims(authorization: str | None, secret: str) -> dict[str, Any] | Distrust:
    scheme, _, token = (authorization or "").strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return Distrust.MISSING
    if len(token) > _LONGEST_HEADER:
        return Distrust.MALFORMED
    try:
        claims = json.loads(_SIGNATURES.decode(token.strip(), secret, algorithms=[_ALGORITHM]))
    except jwt.InvalidAlgorithmError:
        return Distrust.ALGORITHM
    except jwt.InvalidSignatureError:
        return Distrust.SIGNATURE
    except (jwt.PyJWTError, ValueError, RecursionError):
        return Distrust.MALFORMED
    return claims if isinstance(claims, dict) else Distrust.MALFORMED


def _untimely(claims: Mapping[str, Any], now_s: float) -> Distrust | None:
    signed_s, ends_s = _moment(claims.get("iat")), _moment(claims.get("exp", _LATEST))
    if signed_s is None or ends_s is None:
        return Distrust.MALFORMED
    if signed_s > now_s + SKEW_S:
        return Distrust.FUTURE
    return Distrust.STALE if now_s > min(signed_s + FRESH_S, ends_s + SKEW_S) else None


def _moment(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value <= _LATEST else None


def _is_for(told: Any, payload: bytes | Mapping[str, str] | Iterable[tuple[str, str]]) -> bool:
    if not isinstance(told, str) or not told.isascii():
        return False
    texts = [payload] if isinstance(payload, bytes) else _as_json(payload)
    return any(hmac.compare_digest(sha256(text).hexdigest(), told.lower()) for text in texts)


def _as_json(query: Mapping[str, str] | Iterable[tuple[str, str]]) -> list[bytes]:
    """The parameters as compact JSON, with letters beyond ASCII as they are or escaped: the carrier does not say."""
    parameters = dict(query)
    return [
        json.dumps(parameters, separators=(",", ":"), ensure_ascii=escaped).encode("utf-8", "surrogatepass")
        for escaped in (False, True)
    ]
