"""A Python client of the dialer's HTTP API, which the command line uses too.

`AsyncDialer` and `Dialer` have the same groups of methods. Bodies are the models by which the API checks them (or
their fields as keywords), answers are the models by which it tells them, and whatever goes wrong is an ApiError. A
request is sent again where that cannot do anything twice: a creation goes out under an Idempotency-Key of its own.
"""

from __future__ import annotations

from dialer.client.asynchronous import AsyncDialer
from dialer.client.errors import (
    ApiAbsent,
    ApiBroken,
    ApiError,
    ApiRefusal,
    Conflict,
    Forbidden,
    Invalid,
    Missing,
    Outdated,
    TooMany,
    Unauthorized,
    Unavailable,
)
from dialer.client.synchronous import Dialer
from dialer.client.uploads import Upload

__all__ = [
    "ApiAbsent",
    "ApiBroken",
    "ApiError",
    "ApiRefusal",
    "AsyncDialer",
    "Conflict",
    "Dialer",
    "Forbidden",
    "Invalid",
    "Missing",
    "Outdated",
    "TooMany",
    "Unauthorized",
    "Unavailable",
    "Upload",
]
