"""Which requests are sent again after which failure, and when.

Again only what cannot be done twice by it: what was not sent at all, what the API says it has not done, and what it
does once however often it is asked (reading, a step to where it is already, a creation under an Idempotency-Key).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import stamina

from dialer.client.errors import ApiAbsent, ApiBroken, ApiRefusal, TooMany, Unavailable

ATTEMPTS = 4
_FIRST_S = 0.1
_LONGEST_S = 5.0
_JITTER_S = 0.2
_PATIENCE_S = 30.0  # told to wait longer than that, we rather tell it
_KEY_IN_USE = "/problems/idempotency-key-in-use"
_NO_CARRIER = "/problems/no-carrier"  # also 503, and does not pass by waiting

Hook = Callable[[Exception], bool | float]


def trials(*, once: bool, attempts: int) -> AsyncIterator[stamina.Attempt]:
    """The tries of one request.

    Args:
        once: it might be done twice when it is sent twice.
        attempts: how many there are at the most.
    """
    return stamina.retry_context(
        on=_hook(once=once),
        attempts=attempts,
        timeout=None,
        wait_initial=_FIRST_S,
        wait_max=_LONGEST_S,
        wait_jitter=_JITTER_S,
    )


def _hook(*, once: bool) -> Hook:
    def again(error: Exception) -> bool | float:
        match error:
            case ApiAbsent() | TooMany(retry_after_s=None):
                return True
            case TooMany():
                return _wait(error)
            case ApiRefusal(type=kind) if kind == _KEY_IN_USE:
                return _wait(error)
            case Unavailable(type=kind):
                return not once and kind != _NO_CARRIER and _wait(error)
            case ApiBroken():
                return not once
        return False

    return again


def _wait(refusal: ApiRefusal) -> bool | float:
    asked = refusal.retry_after_s
    return True if asked is None else asked <= _PATIENCE_S and asked
