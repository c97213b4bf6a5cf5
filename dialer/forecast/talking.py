"""How long a call of a script takes, for whoever has not seen one yet: its words at the pace of a voice."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from dialer.forecast.rates import CHARACTERS_PER_SECOND
from dialer.scripts.steps import Ask, Connect, Join, Play, Record, Say, Step, Stop
from dialer.speech import spoken_length

PLAY_S, CONVERSATION_S, RECORDING_S, CONFERENCE_S = 20.0, 120.0, 20.0, 900.0
"""A file that is played, somebody behind a `connect`, a message left, a conference: guesses."""
_KEY_S = 2.0  # until somebody presses one


def talk_s(steps: Sequence[Step]) -> float:
    """Seconds that whoever picks up is on the phone; at a question the mean of what follows its keys."""
    total = 0.0
    for step in steps:
        if isinstance(step, Stop):
            break
        total += _step_s(step)
    return total


def _step_s(step: Step) -> float:
    seconds = 0.0
    match step:
        case Say():
            seconds = spoken_length(step.text.template) / CHARACTERS_PER_SECOND
        case Play():
            seconds = PLAY_S * step.loop
        case Ask():
            seconds = talk_s(step.prompt) + _KEY_S + fmean(talk_s(within) for within in step.keys.values())
        case Record() if step.end_on_silence_s or step.end_on_key:
            seconds = RECORDING_S
        case Join():
            seconds = CONFERENCE_S
        case Connect():
            seconds = min(CONVERSATION_S, step.limit_s)
    return seconds
