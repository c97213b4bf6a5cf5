"""Why somebody cannot be reached, in words for whoever must mend it.

The text of an error may hold an address with a password in it, so only what surely has none is told: the kind of error,
the words of OpenSSL on a certificate, those of a name that was looked up in vain, and Redis' own where it refuses.
"""

from __future__ import annotations

import socket
import ssl

from redis.exceptions import ResponseError

CERTIFICATE, NAME = "certificate", "name"
"""Words that what is told has where a certificate or a name is to be mended."""
_LONGEST = 150


def cause(error: BaseException) -> str:
    """`ConnectionError: certificate has expired`, or the kind of error alone where nothing more can be told."""
    kind = type(error).__name__
    words = next(filter(None, map(_words, _chain(error))), "")
    return f"{kind}: {words}"[:_LONGEST] if words else kind


def _words(error: BaseException) -> str:
    match error:
        # aiohttp's own error is one of these without the words, and its cause has them.
        case ssl.SSLCertVerificationError(verify_message=str(said)):
            return said if CERTIFICATE in said else f"{CERTIFICATE} not valid: {said}"
        case socket.gaierror():
            return f"the {NAME} leads nowhere, {error.strerror}"
        case ResponseError():
            return str(error)
    return ""


def _chain(error: BaseException) -> list[BaseException]:
    found = [error]
    while (further := found[-1].__cause__ or found[-1].__context__) and further not in found:
        found.append(further)
    return found
