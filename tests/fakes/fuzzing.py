"""What the fuzzer of the API lacks: how a list is written as a JSON text a line, and what stands for a spreadsheet."""

from __future__ import annotations

import json
from typing import Any

import schemathesis


@schemathesis.serializer("application/x-ndjson", "application/jsonl")
def lines(ctx: Any, value: Any) -> bytes:  # noqa: ARG001 - the fuzzer passes it
    """Rows, or whatever the fuzzer puts in their place, as bytes."""
    if isinstance(value, bytes):
        return value
    rows = value if isinstance(value, list) else [value]
    return "".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows).encode(errors="replace")


@schemathesis.serializer("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
def spreadsheet(ctx: Any, value: Any) -> bytes:  # noqa: ARG001 - the fuzzer passes it
    """Bytes that are none: what is in a real one is tried elsewhere."""
    return value if isinstance(value, bytes) else json.dumps(value).encode()
