"""The carrier's voices: which languages it speaks, in which styles, and what both of its generations call them.

Today a voice is a language and the number of a style; KPN's level of 2018 knew 47 of them by a first name (`Lotte`).
The list is package data (`catalogue.json`, which names its source and licence), read once.
"""

from __future__ import annotations

from dialer.voices.catalogue import (
    Generation,
    Voice,
    check_voice,
    languages,
    require_voices,
    voice_from_name,
    voice_name,
    voices,
)

__all__ = [
    "Generation",
    "Voice",
    "check_voice",
    "languages",
    "require_voices",
    "voice_from_name",
    "voice_name",
    "voices",
]
