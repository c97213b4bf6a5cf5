"""The API key."""

from __future__ import annotations

import pytest

from dialer.api.auth import ApiKey
from dialer.api.problems import Problem


@pytest.mark.parametrize("header", ["Bearer s3cret", "bearer s3cret", "BEARER  s3cret "])
def test_key_is_taken(header: str) -> None:
    """The scheme's case and spaces around the key don't matter (RFC 9110)."""
    ApiKey("s3cret").require(header)


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", "Bearer s3cre", "Bearer s3cret2", "Basic s3cret", "s3cret", "Bearer \udcff"],
)
def test_anything_else_is_refused(header: str | None) -> None:
    """A missing, wrong or differently sent key is refused with the scheme to use."""
    with pytest.raises(Problem) as caught:
        ApiKey("s3cret").require(header)

    assert (401, "Authorization") == (caught.value.kind.status, caught.value.field)
    assert (caught.value.headers or {})["WWW-Authenticate"].startswith('Bearer realm="dialer"')
