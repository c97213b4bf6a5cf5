"""Values of settings that are checked by more than a pattern."""

from __future__ import annotations

from base64 import b64decode
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import NoDecode


def is_signing_key(secret: str) -> bool:
    """Whether it is a secret as Standard Webhooks has it."""
    try:
        key = b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        return False
    return secret.startswith("whsec_") and 24 <= len(key) <= 64  # noqa: PLR2004 - Standard Webhooks has these bounds


def caller_id(number: str) -> str:
    """E.164, from it or its digits alone. Raises ValueError."""
    # Not checked for validity: the carrier's test ranges are no valid numbers, and the carrier refuses a foreign one.
    digits = number.removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and 7 <= len(digits) <= 15):  # noqa: PLR2004 - KPN-SPEC: 7-15 digits
        message = "must be 7 to 15 digits in international form, such as +31201234567"
        raise ValueError(message)
    return f"+{digits}"


def parts(text: str) -> list[str]:
    """What stands between the commas of a text, without the space around it."""
    return list(filter(None, map(str.strip, text.split(","))))


def _separated(given: object) -> object:
    return frozenset(parts(given)) if isinstance(given, str) else given


def _can_open(breaker: str) -> str:
    failures, _, of = breaker.partition("/")
    if of and int(failures) > int(of):
        message = "more failures than attempts: write it as 12/15, or off"
        raise ValueError(message)
    return breaker


_Part = TypeVar("_Part")
Several = Annotated[frozenset[_Part], NoDecode, BeforeValidator(_separated)]
"""A set; as text its parts are separated by commas."""

Breaker = Annotated[str, Field(pattern=r"^(off|[1-9][0-9]{0,2}/[1-9][0-9]{0,2})$"), AfterValidator(_can_open)]
"""So many failures among so many attempts, or none."""
