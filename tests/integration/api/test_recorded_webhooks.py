"""The carrier's recorded requests, sent again byte for byte: the same line, headers and body, to an attempt's address.

Only what cannot be the same is put right: the path, the host, and the length of a body that was edited afterwards.
"""

from __future__ import annotations

import asyncio
import re
from urllib.parse import urlsplit

import pytest

from dialer.runtime import Runtime
from tests.unit.test_kpn_events import CAPTURED, CAPTURES, captured

ANSWER = "answer-get.txt"


async def send_again(name: str, webhook: str, site: str) -> int:
    """Send a recorded request to the attempt's address; the status of what is answered."""
    head, _, body = (CAPTURED / name).read_text().partition("\n\n")
    first, *headers = head.split("\n")
    method, target, version = first.split(" ")
    query = urlsplit(target).query
    path = f"{webhook}/{'answer' if name == ANSWER else 'event'}{f'?{query}' if query else ''}"
    raw = body.strip().encode()
    kept = [each for each in headers if each and not re.match("(?i)(host|content-length|connection):", each)]
    kept += [f"Host: {urlsplit(site).netloc}", "Connection: close", f"Content-Length: {len(raw)}"]
    reader, writer = await asyncio.open_connection(urlsplit(site).hostname, urlsplit(site).port)
    writer.write("\r\n".join([f"{method} {path} {version}", *kept, "", ""]).encode() + raw)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return int(answer.split(b" ", 2)[1])


@pytest.mark.parametrize("name", sorted(CAPTURES.keys() - {ANSWER}))
async def test_recorded_event_is_taken_as_it_came(
    name: str, webhook: str, url: str, attempt_id: str, runtime: Runtime
) -> None:
    """Each recorded event is acknowledged and kept as what it is, whole where its facts do not tell all of it."""
    assert 204 == await send_again(name, webhook, url)
    [attempt] = await runtime.store.attempts(attempt_id.rpartition("-")[0])
    kind, facts = CAPTURES[name]

    assert [(kind, {} if facts else captured(name))] == [(event.kind, event.payload) for event in attempt.events]
    assert facts == set(attempt.facts)


async def test_recorded_question_for_a_script_is_answered(webhook: str, url: str) -> None:
    """The recorded request for what to say is answered with it."""
    assert 200 == await send_again(ANSWER, webhook, url)
