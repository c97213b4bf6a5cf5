"""The sound of recordings: real, repeatable, and of a known size."""

from __future__ import annotations

import io
import wave

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.simulator.sound import FRAMES, FRAMES_PER_S, wav, wav_size


@settings(max_examples=10)
@given(channels=st.integers(1, 32), key=st.text(max_size=20))
def test_file_is_as_long_as_told(channels: int, key: str) -> None:
    """The size is known before the file is made, and it can be read back."""
    body = wav(1, key, channels)

    assert wav_size(channels) == len(body)
    with wave.open(io.BytesIO(body)) as sound:
        assert (channels, 2, FRAMES_PER_S, FRAMES) == sound.getparams()[:4]


@pytest.mark.parametrize(("seed", "key"), [(2, "a"), (1, "b")])
def test_seed_and_key_decide_the_sound(seed: int, key: str) -> None:
    """Another seed or another call sounds differently, the same ones alike."""
    assert wav(1, "a", 1) == wav.__wrapped__(1, "a", 1)
    assert wav(1, "a", 1) != wav(seed, key, 1)
