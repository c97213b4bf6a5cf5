"""What follows where a call is given up and its redial policy says `escalate`: which escalation, and what it may say.

A campaign keeps the whole of an escalation (`store/escalating.py`); for each call that is given up one of its own is
begun, under an id that follows from the call's: whoever begins it again finds it begun. Its texts may name, behind
`call_`, the values of that call, which are put beside each person's own when it begins.
"""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Collection, Mapping
from dataclasses import replace
from hashlib import sha256

import phonenumbers

from dialer.addresses import is_phone
from dialer.escalations.escalation import EscalationScript, Plan
from dialer.model import Call
from dialer.speech import variable_name

OF_CALL = "call_"
"""How the names begin by which a text means the call that was given up, not the person who is called now."""
OWN = frozenset({"number", "id"})
"""What is told of each call besides its variables."""
_ID_LENGTH = 11  # as all campaigns' ids


def escalation_id(call_id: str) -> str:
    """The id of the escalation that is begun for a call: the same each time, and no other call's."""
    return "c" + b32encode(sha256(f"escalation of {call_id}".encode()).digest()).decode().lower()[:_ID_LENGTH]


def offered(variables: Collection[str]) -> frozenset[str]:
    """What the texts of an escalation may say of a call whose campaign needs these variables."""
    return frozenset(f"{OF_CALL}{name}" for name in {*variables, *OWN})


def wanted(script: EscalationScript) -> frozenset[str]:
    """What these texts do say of the call."""
    names = script.notification.variables() | script.settled.variables()
    return frozenset(name for name in names if name.startswith(OF_CALL))


def values_of(call: Call, names: Collection[str]) -> dict[str, str]:
    """The values of a call behind these names; a blank one where it has none."""
    known = {variable_name(name): value for name, value in call.variables.items()}
    known |= {"number": _spoken(call.number), "id": call.external_id or ""}
    return {name: known.get(name.removeprefix(OF_CALL), "") for name in sorted(names)}


def about(plan: Plan, values: Mapping[str, str]) -> Plan:
    """The plan whose people are told these values as well."""
    steps = (
        replace(step, people=tuple(replace(one, variables={**one.variables, **values}) for one in step.people))
        for step in plan.steps
    )
    return replace(plan, steps=tuple(steps))


def forgotten(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables without what they tell of the call: the names stay, for the texts need a value."""
    return {name: "" if name.startswith(OF_CALL) else value for name, value in variables.items()}


def without_call(plan: Plan) -> Plan:
    """The plan whose people are told nothing of the call any more."""
    steps = (
        replace(step, people=tuple(replace(one, variables=forgotten(one.variables)) for one in step.people))
        for step in plan.steps
    )
    return replace(plan, steps=tuple(steps))


def _spoken(number: str) -> str:
    """In groups, as it is said."""
    if not is_phone(number):
        return number
    return phonenumbers.format_number(phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.INTERNATIONAL)
