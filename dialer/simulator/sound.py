"""A real recording: a short WAV, mono or with a channel for each party, the same for the same seed and key.

Half a second is enough for whoever checks that a file arrived whole and can be played.
"""

from __future__ import annotations

import io
import math
import wave
from array import array
from functools import lru_cache

from dialer.simulator.dice import roll

FRAMES_PER_S = 8000
FRAMES = 4000
_HEAD = 44
_BYTES = 2


def wav_size(channels: int) -> int:
    """How long the file is, in bytes."""
    return _HEAD + FRAMES * channels * _BYTES


@lru_cache(maxsize=64)
def wav(seed: int, key: str, channels: int) -> bytes:
    """The file: in each channel a tone of its own pitch, which the seed and the key decide."""
    pitches_hz = [
        200 + 800 * pitch for pitch, _ in zip(roll(seed, "sound", key), range(min(channels, 8)), strict=False)
    ]
    frames = array("h")
    for frame in range(FRAMES):
        angles = (2 * math.pi * pitch_hz * frame / FRAMES_PER_S for pitch_hz in pitches_hz)
        tones = [int(8000 * math.sin(angle)) for angle in angles]
        frames.extend(tones[channel % len(tones)] for channel in range(channels))
    return _packed(frames, channels)


def _packed(frames: array[int], channels: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(_BYTES)
        out.setframerate(FRAMES_PER_S)
        out.writeframes(frames.tobytes())
    return file.getvalue()
