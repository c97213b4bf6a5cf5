"""The secrets that `dialer up` makes: kept, made once, and completed where they are older than one of them."""

from __future__ import annotations

import json
from pathlib import Path

from dialer.cli.credentials import credentials_path, load_credentials, load_or_make_credentials


def test_they_are_made_once(tmp_path: Path) -> None:
    """The second start has the secrets of the first, each of them another."""
    made = load_or_make_credentials(tmp_path)

    assert 3 == len({made.api_key, made.webhook_secret, made.erasure_secret})
    assert made == load_or_make_credentials(tmp_path) == load_credentials(tmp_path)


def test_older_ones_get_what_they_lack(tmp_path: Path) -> None:
    """Keys made before numbers could be erased stay as they are, and get the third secret once."""
    credentials_path(tmp_path).write_text(json.dumps({"api_key": "key", "webhook_secret": "secret"}))
    made = load_or_make_credentials(tmp_path)

    assert ("key", "secret") == (made.api_key, made.webhook_secret)
    assert 16 < len(made.erasure_secret)
    assert made == load_or_make_credentials(tmp_path)
