"""What the API knows of each kind of campaign: how its script is checked, what it needs, what it says.

The API's one table of kinds: a new kind is an entry and its name in `schemas.py`. The worker's job of the same name
is in `jobs/`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dialer import notification
from dialer.notification import NotificationScript

Script = Mapping[str, Any]
Ncco = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of campaign.

    Attributes:
        checked: a script as sent and the default language to the script as stored; raises InvalidInput.
        needs: the names of the variables that each call must have.
        missing: those of them that a call's variables have no value for, in order.
        spoken: a stored script and a call's variables to what the carrier is to do.
    """

    checked: Callable[[Script, str], dict[str, Any]]
    needs: Callable[[Script], frozenset[str]]
    missing: Callable[[Script, Mapping[str, str]], list[str]]
    spoken: Callable[[Script, Mapping[str, str]], Ncco]


def _stored(script: Script) -> NotificationScript:
    # A stored script names its language, so no default is ever taken here.
    return NotificationScript.from_dict(script, default_language="en-US")


KINDS: Mapping[str, Kind] = {
    notification.KIND: Kind(
        checked=lambda script, language: NotificationScript.from_dict(script, default_language=language).to_dict(),
        needs=lambda script: _stored(script).variables(),
        missing=lambda script, variables: _stored(script).check(variables),
        spoken=lambda script, variables: notification.ncco(_stored(script), variables),
    )
}
