"""Paths that lead to one place for a proxy and to another for us: they lead nowhere."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from tests.integration.api.conftest import KEY
from tests.integration.api.test_api_server import exchange

CLIMBING = (
    "/webhooks/../v1/me", "/webhooks/%2e%2e/v1/me", "/webhooks/.%2E/v1/me", "/webhooks/..%2fv1/me",
    "/v1/./me", "/v1//me", "//v1/me", "/v1/me/..%2f..%2fwebhooks/x", "/v1/campaigns/..%2Fwebhooks",
    "/v1/campaigns/%2e%2e%5cwebhooks", "/v1/campaigns/x\\..", "/metrics/..", "/metrics/../metrics",
)  # fmt: skip


@pytest.mark.parametrize("path", CLIMBING)
async def test_a_path_that_climbs_leads_nowhere(url: str, path: str) -> None:
    """Not even with the key, and whichever way its dots and slashes are written."""
    head = f"GET {path} HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\nAuthorization: Bearer {KEY}\r\n\r\n"

    assert (await exchange(url, head.encode())).startswith(b"HTTP/1.1 404 ")


@pytest.mark.parametrize("path", ["/v1/me", "/v1/%6De", "/v1/campaigns?cursor=9-a&limit=1", "/metrics?a=/../b"])
async def test_other_spellings_are_one_address(url: str, path: str) -> None:
    """What every program reads alike is answered; a query may hold anything."""
    head = f"GET {path} HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\nAuthorization: Bearer {KEY}\r\n\r\n"

    assert (await exchange(url, head.encode())).startswith(b"HTTP/1.1 200 ")
