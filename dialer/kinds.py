"""The kinds of campaign: how a script of each is checked, and which steps it amounts to for one callee.

The one table of kinds: a new kind is a module with its script, an entry here, its name in `api/schemas.py` and its job
of the same name in `jobs/`. A script is checked once, when it is taken; what the store holds is in order.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from dialer import notification, scripts
from dialer.conferences import conference
from dialer.conferences.conference import ConferenceScript, room_of
from dialer.connecting import check_connects
from dialer.dispositions import Disposition
from dialer.escalations import escalation
from dialer.escalations.escalation import EscalationScript
from dialer.notification import NotificationScript
from dialer.scripts import CallScript, Confirm
from dialer.scripts.walking import walk
from dialer.voices import Generation

Script = Mapping[str, Any]

_STORED = "en-US"  # a stored script names its language, so this default is never taken


@dataclass(frozen=True, slots=True)
class Callee:
    """Who hears a script, as far as a kind may need to know.

    Attributes:
        late: whether what the campaign was for is over by now.
    """

    campaign_id: str = ""
    number: str = ""
    external_id: str | None = None
    late: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of campaign.

    Attributes:
        checked: a script as sent, the default language and the carrier's generation to the script as stored; raises
            InvalidInput.
        steps: a stored script to what a callee's call says and does.
        most: how many calls a campaign of it takes; None for any number.
        personal: whether the steps differ from callee to callee, beyond the values of variables.
        counts_late: whether a key that is pressed when all is over still counts.
    """

    checked: Callable[[Script, str, Generation], dict[str, Any]]
    steps: Callable[[Script, Callee], CallScript]
    most: int | None = None
    personal: bool = False
    counts_late: bool = False


def _checked_notification(script: Script, language: str, generation: Generation) -> dict[str, Any]:
    read = NotificationScript.from_dict(script, default_language=language)
    read.check_voice(generation)
    return read.to_dict()


def _checked_steps(script: Script, language: str, generation: Generation) -> dict[str, Any]:
    read = CallScript.from_dict(script, default_language=language)
    read.check_voices(generation)
    check_connects(read)
    return read.to_dict()


def _checked_conference(script: Script, language: str, generation: Generation) -> dict[str, Any]:
    read = ConferenceScript.from_dict(script, default_language=language)
    for steps in (read.for_member(room_of(""), moderates=False), read.for_latecomer()):
        steps.check_voices(generation)
    return read.to_dict()


def _conference_steps(script: Script, callee: Callee) -> CallScript:
    read = ConferenceScript.from_dict(script, default_language=_STORED)
    if callee.late:
        return read.for_latecomer()
    moderates = read.is_moderator(callee.number, callee.external_id)
    return read.for_member(room_of(callee.campaign_id), moderates=moderates)


def _checked_escalation(script: Script, language: str, generation: Generation) -> dict[str, Any]:
    read = EscalationScript.from_dict(script, default_language=language)
    read.notification.check_voice(generation)
    read.settled.check_voices(generation)
    return read.to_dict()


def _escalation_steps(script: Script, callee: Callee) -> CallScript:
    read = EscalationScript.from_dict(script, default_language=_STORED)
    return read.settled if callee.late else read.call_script


KINDS: Mapping[str, Kind] = {
    notification.KIND: Kind(
        checked=_checked_notification,
        steps=lambda script, _: NotificationScript.from_dict(script, default_language=_STORED).call_script,
    ),
    scripts.KIND: Kind(
        checked=_checked_steps,
        steps=lambda script, _: CallScript.from_dict(script, default_language=_STORED),
    ),
    conference.KIND: Kind(
        checked=_checked_conference, steps=_conference_steps, most=conference.MOST_MEMBERS, personal=True
    ),
    escalation.KIND: Kind(
        checked=_checked_escalation,
        steps=_escalation_steps,
        most=escalation.MOST_CALLS,
        personal=True,
        counts_late=True,
    ),
}


def steps_of(kind: str, script: str, callee: Callee) -> CallScript:
    """What a stored script (JSON text) amounts to for a callee."""
    return _steps(kind, script, callee if KINDS[kind].personal else _ANYBODY)


@lru_cache(maxsize=512)
def _steps(kind: str, script: str, callee: Callee) -> CallScript:
    return KINDS[kind].steps(json.loads(script), callee)


_ANYBODY = Callee()


def default_success(steps: CallScript) -> frozenset[Disposition]:
    """What counts as success where a campaign does not say: a confirmation if it asks for one, else being heard."""
    asks = any(isinstance(place.step, Confirm) for place in walk(steps.steps, "steps"))
    return frozenset({Disposition.CONFIRMED} if asks else {Disposition.CONFIRMED, Disposition.ANSWERED})
