"""What stands of a call in its bucket (`keys.bucket`): its record since it was added, and how often it was tried."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple, Self

from dialer.model import AttemptRef, CallRef

_PARTS = 6


class CallRecord(NamedTuple):
    """Whom to call, and what the list said of them. Stored as JSON, in this order, without what is none at its end.

    Attributes:
        number: the person's first one; that of an erased person is `ERASED`, and nothing else is left.
        external_id: how the customer's own system knows it.
        variables: for the text.
        own: kind, script, terms and endpoint of a single call, and which request it came by.
        others: the person's further numbers.
        timezone: as the list gave it.
    """

    number: str
    external_id: str | None = None
    variables: Mapping[str, str] | None = None
    own: Mapping[str, Any] | None = None
    others: tuple[str, ...] = ()
    timezone: str | None = None

    @classmethod
    def read(cls, stored: str) -> Self:
        """From JSON."""
        number, external_id, variables, own, others, timezone = [*json.loads(stored), *[None] * _PARTS][:_PARTS]
        return cls(number, external_id, variables, own, tuple(others or ()), timezone)

    def write(self) -> str:
        """As JSON."""
        parts: list[Any] = [part or None for part in self]
        while parts[-1] is None:
            parts.pop()
        return json.dumps(parts, ensure_ascii=False, separators=(",", ":"))

    @property
    def numbers(self) -> tuple[str, ...]:
        """All of the person's, in their order."""
        return (self.number, *self.others)


def attempts_in(campaign_id: str, bucket: Mapping[str, str]) -> list[AttemptRef]:
    """All attempts of the calls in a bucket, by their counted tries."""
    return [
        AttemptRef(CallRef(campaign_id, int(name[:-1])), number)
        for name, tries in bucket.items()
        if name.endswith("t")
        for number in range(1, int(json.loads(tries)["n"]) + 1)
    ]
