"""What a client may send about escalations, and the steps to the campaign and the plan that an escalation is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, ValidationError

from dialer.addresses import parse_address
from dialer.api.hours_bodies import WindowsBody, WindowsChange
from dialer.api.models import Incoming
from dialer.api.problems import invalid_input
from dialer.api.redial_bodies import Redialable, RedialBody
from dialer.api.schemas import (
    Address,
    Deadline,
    Name,
    NewCampaign,
    NotificationBody,
    OwnId,
    PlacedBody,
    ToldBody,
    TrunkName,
    VariableName,
    VariableValue,
)
from dialer.errors import InvalidInput
from dialer.escalations.escalation import MOST_CALLS, ROUND, SETTLED, STEP, Advance, Person, Plan, Step
from dialer.forms import CAMPAIGN_CURSOR, WITHOUT_NUL
from dialer.importing.rows import MAX_NUMBERS, MAX_VARIABLES
from dialer.model import MAIN, Priority, UnknownPolicy
from dialer.settings import Settings
from dialer.speech import variable_name
from dialer.windows import check_zone

_SOON = RedialBody(times=100, after_s=60)
DEFAULT_REDIAL: dict[Redialable, RedialBody] = {"busy": _SOON, "no_answer": _SOON}
"""A step ends them: nobody is redialed after it."""


class NewPerson(Incoming):
    """Somebody who may confirm."""

    number: Address = Field(description="E.164, or national in the default region.")
    others: list[Address] = Field(
        default_factory=list, max_length=MAX_NUMBERS - 1, description="Further numbers of the same person."
    )
    id: OwnId | None = Field(None, description="Your own id of this person; it, or else the number, tells who is who.")
    name: Annotated[str, Field(max_length=200, pattern=WITHOUT_NUL)] | None = Field(
        None, description="The variable `name`, and how lists show this person."
    )
    variables: dict[VariableName, VariableValue] = Field(default_factory=dict, max_length=MAX_VARIABLES - 3)
    timezone: str | None = Field(
        None, max_length=64, description="Where the person is (IANA name); the number tells it if left out."
    )

    def person(self, settings: Settings) -> Person:
        """The same in the project's own terms. Raises InvalidInput."""
        ours = next((name for name in self.variables if variable_name(name) in {STEP, ROUND}), None)
        if ours is not None:
            raise InvalidInput("is told by the dialer itself: choose another name", field=f"variables.{ours}")
        return Person(
            number=_parsed(self.number, "number", settings),
            others=tuple(_parsed(other, f"others.{place}", settings) for place, other in enumerate(self.others)),
            external_id=self.id,
            variables={**self.variables, **({"name": self.name} if self.name is not None else {})},
            timezone=check_zone(self.timezone) if self.timezone else None,
        )


class NewStep(Incoming):
    """People who are called at once."""

    people: list[NewPerson] = Field(min_length=1, max_length=MOST_CALLS)
    wait_s: int = Field(300, ge=1, le=86_400, description="Seconds from its beginning until the next step begins.")
    advance: Advance = Field(
        Advance.WHEN_DONE,
        strict=False,
        description="`when_done`: sooner, when nobody of it can confirm any more; `after_wait`: not before the wait.",
    )


class NewEscalation(NotificationBody, PlacedBody, WindowsChange, ToldBody):
    """An alarm: call people step by step until enough of them have confirmed it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Pump three",
                    "text": "{{ name }}, pump three has stopped.",
                    "language": "en-GB",
                    "steps": [
                        {"people": [{"number": "+31201234567", "name": "Ann"}, {"number": "+31201234568"}]},
                        {"people": [{"number": "+31201234569", "id": "lead"}], "wait_s": 120},
                    ],
                    "needed": 1,
                }
            ]
        }
    )

    name: Name
    steps: list[NewStep] = Field(
        min_length=1, max_length=50, description=f"In their order; {MOST_CALLS} calls at most, all rounds together."
    )
    needed: int = Field(1, ge=1, le=MOST_CALLS, description="So many different people must confirm.")
    repeat: int = Field(1, ge=1, le=20, description="How many times all steps are gone through.")
    confirm_key: str | None = Field("1", description="Key that confirms: one of 0-9 * #.")
    settled_text: str | None = Field(
        None, description="Said to who presses the key when it is settled already; our own words if left out."
    )
    priority: Priority = Field(Priority.URGENT, description="Who gets the next token.")
    redial: dict[Redialable, RedialBody] = Field(
        default_factory=lambda: dict(DEFAULT_REDIAL),
        description="Redials within a step, per disposition; a minute after busy and no_answer if left out.",
    )
    unknown: UnknownPolicy = Field(UnknownPolicy.HOLD, description="For a call that may or may not have rung.")
    trunks: list[TrunkName] = Field(
        default_factory=lambda: [MAIN], min_length=1, max_length=20, description="Carrier accounts to call by."
    )
    windows: WindowsBody | None = Field(
        default_factory=WindowsBody, description="Always if left out: an alarm does not wait for office hours."
    )
    expires_at: Deadline | None = Field(
        None, description="It is over then. If left out, an hour after the last step's wait."
    )

    def plan(self, settings: Settings) -> Plan:
        """Who is called in which order. Raises InvalidInput."""
        steps = tuple(_step(step, f"steps.{place}", settings) for place, step in enumerate(self.steps))
        plan = Plan(steps=steps, needed=self.needed, repeat=self.repeat)
        _check(plan)
        return plan

    def campaign(self, expires_at: datetime | None) -> NewCampaign:
        """The same as a campaign of the kind `escalation`."""
        script = {name: value for name in _SCRIPT if (value := getattr(self, name)) is not None}
        told: dict[str, Any] = {name: getattr(self, name) for name in _SHARED}
        return _EscalationCampaign(**told, kind="escalation", script=script, success=None, expires_at=expires_at)


class _EscalationCampaign(NewCampaign):
    kind: Literal["escalation"]  # type: ignore[assignment] # made from a plan only, never sent by a client as such


_SCRIPT = (*NotificationBody.model_fields, SETTLED)
_SHARED = (
    *PlacedBody.model_fields, *WindowsChange.model_fields, *ToldBody.model_fields,
    "name", "priority", "redial", "unknown", "trunks",
)  # fmt: skip


def read_planned(given: Mapping[str, Any]) -> NewEscalation:
    """The escalation that a campaign is to begin. Raises Problem, InvalidInput: the field is in the campaign's body."""
    try:
        body = NewEscalation.model_validate_json(json.dumps(given))
    except ValidationError as error:
        raise invalid_input(error, whole="escalation", within="escalation") from None
    if body.expires_at is not None:
        message = "nobody knows yet when it begins: leave this out; it is over an hour after the last step's wait"
        raise InvalidInput(message, field="escalation.expires_at")
    return body


class ConfirmBody(Incoming, json_schema_extra={"examples": [{"person": "+31201234567", "by": "control room"}]}):
    """Who has confirmed in another way than by the key."""

    person: str = Field(min_length=1, max_length=200, description="Id or number of one of the people.")
    by: Name | None = Field(None, description="Who says so.")


class EscalationsQuery(Incoming):
    """Which page of the escalations."""

    limit: int = Field(10, ge=1, le=20, description="How many at most.")
    cursor: str | None = Field(
        None, pattern=CAMPAIGN_CURSOR, max_length=100, description="`next_cursor` of the page before."
    )


def _parsed(address: str, field: str, settings: Settings) -> str:
    try:
        return parse_address(address, settings.default_region, settings.destinations)
    except InvalidInput as error:
        raise InvalidInput(str(error), field=field) from None


def _step(body: NewStep, where: str, settings: Settings) -> Step:
    people: list[Person] = []
    for place, one in enumerate(body.people):
        field = f"{where}.people.{place}"
        try:
            person = one.person(settings)
        except InvalidInput as error:
            raise InvalidInput(str(error), field=f"{field}.{error.field}") from None
        if any(person.key == other.key for other in people):
            raise InvalidInput("this person is in the step already", field=field)
        people.append(person)
    return Step(people=tuple(people), wait_s=body.wait_s, advance=body.advance)


def _check(plan: Plan) -> None:
    """Raises InvalidInput for one that could not end well."""
    calls = plan.repeat * sum(len(step.people) for step in plan.steps)
    if calls > MOST_CALLS:
        raise InvalidInput(f"{calls} calls in all steps and rounds, {MOST_CALLS} at most", field="steps")
    if plan.needed > len(plan.people):
        message = f"only {len(plan.people)} people are called: no more than that can confirm"
        raise InvalidInput(message, field="needed")
    keys: dict[str, str] = {}
    for place, step in enumerate(plan.steps):
        for nth, person in enumerate(step.people):
            known = keys.setdefault(person.number, person.key)
            if known != person.key:
                # Two of them would be called at once, and each is asked to confirm for himself.
                message = f"this number is {known!r} in an earlier step or line: give the same id"
                raise InvalidInput(message, field=f"steps.{place}.people.{nth}.id")
