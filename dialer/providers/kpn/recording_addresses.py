"""From where a recording may be fetched. No I/O.

The address comes out of a webhook, and the request to it carries a token. So the address is judged by its parsed host,
with the parser that the request is made with, never by what occurs in its text: `https://evil.example/?nexmo.com`
fooled one of the carrier's own SDKs (REFERENCE 6.2). What its name resolves to is judged in `dialer/public_names.py`.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from yarl import URL

from dialer.errors import CarrierError
from dialer.public_names import is_exempt, plain_url

SUFFIXES = ("nexmo.com", "vonage.com")
"""The regions have hosts of their own, such as `api-eu.nexmo.com`."""

# Whole labels, so that neither `evilnexmo.com` nor `evil.example%2F.nexmo.com`, which yarl takes for a host, is one.
_HOST = re.compile(rf"(?:[a-z0-9-]+\.)*(?:{'|'.join(map(re.escape, SUFFIXES))})")
_HTTPS_PORT = 443


def check_recording_url(text: str, origins: Collection[str] = ()) -> URL:
    """The address, if the recording's token may be sent to it.

    Args:
        text: as the carrier told it.
        origins: `scheme://host:port` that are allowed besides the carrier's own hosts.

    Raises:
        CarrierError: it may not.
    """
    try:
        url = plain_url(text)
    except ValueError as error:
        raise _refused(str(error)) from error
    if is_exempt(url, origins):
        return url
    if url.scheme != "https" or url.explicit_port not in {None, _HTTPS_PORT}:
        raise _refused("it is not plain https")
    if not _HOST.fullmatch(url.raw_host or ""):
        raise _refused(f"its host is not one of {' and '.join(SUFFIXES)}")
    return url


def _refused(why: str) -> CarrierError:
    return CarrierError(f"The recording's address is not asked: {why}", retryable=False)
