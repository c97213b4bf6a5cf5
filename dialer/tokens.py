"""The token in a callback's URL: proof that we issued it, and the attempt it speaks of.

The carrier signs nothing that a KPN customer can verify (REFERENCE 8.4), so this token is what callbacks are trusted
by. It is self-contained: no look-up, and a forged one costs no Redis round trip.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from dialer.settings import Settings

_MAC_BYTES = 16  # 128 bits: not guessable, and the URL stays short


def make_token(secret: str, attempt_id: str) -> str:
    """The token for an attempt's callback URLs, safe in a path."""
    return f"{attempt_id}.{_mac(secret, attempt_id)}"


def callback_url(settings: Settings, attempt_id: str) -> str:
    """Where the carrier's questions and events about an attempt go: what stands before `/answer` and `/event`."""
    secret = settings.webhook_secret.get_secret_value() if settings.webhook_secret else ""
    return f"{settings.callback_base}/webhooks/{make_token(secret, attempt_id)}"


def read_token(secret: str, token: str) -> str | None:
    """The attempt id in a token that we made, else None."""
    attempt_id, _, mac = token.rpartition(".")
    expected = _mac(secret, attempt_id)
    return attempt_id if hmac.compare_digest(expected.encode(), mac.encode("utf-8", "surrogatepass")) else None


def _mac(secret: str, attempt_id: str) -> str:
    digest = hmac.digest(secret.encode(), attempt_id.encode("utf-8", "surrogatepass"), hashlib.sha256)
    return base64.urlsafe_b64encode(digest[:_MAC_BYTES]).rstrip(b"=").decode()
