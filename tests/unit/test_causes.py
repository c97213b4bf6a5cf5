"""Why somebody cannot be reached, in words that hold no secret."""

from __future__ import annotations

import socket
import ssl
from unittest.mock import Mock

import aiohttp
import pytest
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import ResponseError

from dialer.causes import cause


def _raised(error: Exception, because: Exception) -> Exception:
    try:
        try:
            raise because
        except OSError:
            raise error  # noqa: B904 - libraries do so too
    except type(error) as raised:
        return raised


def _certificate(said: str) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED]")
    error.verify_message = said
    return error


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (NoConnection("Error connecting to redis://u:secret@h"), "ConnectionError"),
        (_raised(NoConnection("secret"), _certificate("certificate has expired")), ": certificate has expired"),
        (
            _raised(NoConnection("secret"), _certificate("self-signed")),
            "ConnectionError: certificate not valid: self-signed",
        ),
        (
            _raised(NoConnection("secret"), socket.gaierror(socket.EAI_AGAIN, "Temporary failure")),
            "ConnectionError: the name leads nowhere, Temporary failure",
        ),
        (
            ResponseError("MISCONF Errors writing to the AOF file"),
            "ResponseError: MISCONF Errors writing to the AOF file",
        ),
        (
            aiohttp.ClientConnectorCertificateError(Mock(), _certificate("certificate has expired")),
            "ClientConnectorCertificateError",
        ),
        (
            _raised(
                aiohttp.ClientConnectorCertificateError(Mock(), _certificate("x")),
                _certificate("certificate has expired"),
            ),
            "ClientConnectorCertificateError: certificate has expired",
        ),
    ],
)
def test_cause_is_told_without_the_address(error: Exception, told: str) -> None:
    """Kind, and the words of certificate, name or Redis where they are behind it; never the text of the others."""
    assert cause(error).endswith(told)
    assert "secret" not in cause(error)


def test_no_more_is_told_than_a_line_holds() -> None:
    """Of Redis' own words, too; and of errors that lead to each other each is looked at once."""
    one, other = ValueError("secret"), ValueError("secret")
    one.__cause__, other.__cause__ = other, one

    assert f"ResponseError: {'x' * 135}" == cause(ResponseError("x" * 136))
    assert f"ResponseError: {'x' * 134}" == cause(ResponseError("x" * 134))
    assert "ValueError" == cause(one)
