"""How many numbers a second the library `phonenumbers` parses, validates and writes as E.164 on one core."""

from __future__ import annotations

import time
from pathlib import Path

import phonenumbers

from tests.bench.children import arguments, tell
from tests.bench.people import read_numbers


def check(number: str) -> str:
    """One number as E.164."""
    parsed = phonenumbers.parse(number, "NL")
    if not phonenumbers.is_valid_number(parsed):
        raise ValueError(number)
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


if __name__ == "__main__":
    told = arguments()
    written = read_numbers(Path(told["csv"]))[: told["most"]]
    check(written[0])  # the metadata of a country is read with its first number
    started = time.process_time()
    for one in written:
        check(one)
    tell({"per_s": len(written) / (time.process_time() - started), "numbers": len(written)})
