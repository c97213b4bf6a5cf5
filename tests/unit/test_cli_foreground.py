"""What a server does before it serves."""

from __future__ import annotations

import gc

from dialer.cli.foreground import keep_for_good


def test_garbage_collection_spares_what_was_loaded() -> None:
    """A collection goes through what was made since, not through all that stays for good."""
    before = len(gc.get_objects())
    keep_for_good()
    try:
        left = len(gc.get_objects())
    finally:
        gc.unfreeze()

    assert left < before / 10
