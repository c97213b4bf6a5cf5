"""The proof of an erasure: what was found and removed, what was looked at again, signed so that it can be shown later.

It names no number: a keyed digest with a salt of its own tells whether it is about a number that somebody names. Both
keys are derived from the webhook secret, so it holds as long as that does. No I/O.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

Proof = dict[str, Any]


def number_digest(secret: str, salt: str, number: str) -> str:
    """What tells the number of a proof from others, to whoever has the secret."""
    return _mac(secret, "number", f"{salt}\x00{number}")


def signed(secret: str, proof: Mapping[str, Any]) -> Proof:
    """The proof with its signature."""
    return {**proof, "signature": _mac(secret, "proof", _canonical(proof))}


def is_genuine(secret: str, proof: Mapping[str, Any]) -> bool:
    """Whether it was signed here, and not changed since."""
    told = {name: value for name, value in proof.items() if name != "signature"}
    return hmac.compare_digest(_mac(secret, "proof", _canonical(told)).encode(), str(proof.get("signature")).encode())


def is_about(secret: str, proof: Mapping[str, Any], number: str) -> bool:
    """Whether it is the proof for this number."""
    expected = number_digest(secret, str(proof.get("salt")), number)
    return hmac.compare_digest(expected.encode(), str(proof.get("number_digest")).encode())


def _canonical(proof: Mapping[str, Any]) -> str:
    return json.dumps(proof, sort_keys=True, separators=(",", ":"))


def _mac(secret: str, use: str, text: str) -> str:
    key = hmac.digest(secret.encode(), f"dialer erasure {use}".encode(), hashlib.sha256)
    return hmac.digest(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hex()
