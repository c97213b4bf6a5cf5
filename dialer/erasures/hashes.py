"""What stays of a number that was erased and must not be called: a keyed hash, which tells it again and nobody else.

A hash without a key would tell the number to whoever tries them all: there are less than 10 billion in a country. So
it is an HMAC under DIALER_ERASURE_SECRET, which is not in Redis. No I/O.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from dialer.settings import Settings

MARK = "~"
"""No address begins so: a suppressed member that does is the hash of an erased one."""


def suppressed_digest(number: str, secret: str) -> str:
    """What stands for an erased number among the suppressed ones; '' without a secret: then there are none."""
    return MARK + _keyed(secret, f"suppressed\x00{number}") if secret else ""


def fingerprint(secret: str) -> str:
    """Tells one secret from another, and nothing of either."""
    return _keyed(secret, "fingerprint")


def erasure_secret(settings: Settings) -> str:
    """The secret as set; '' where none is."""
    return settings.erasure_secret.get_secret_value() if settings.erasure_secret else ""


def _keyed(secret: str, text: str) -> str:
    digest = hmac.digest(secret.encode(), text.encode("utf-8", "surrogatepass"), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
