"""What a client may send about conferences, and the step to the campaign that a conference is."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from dialer.addresses import parse_address
from dialer.api.models import Incoming
from dialer.api.redial_bodies import Redialable, RedialBody
from dialer.api.schemas import (
    MAX_RETENTION_DAYS,
    Deadline,
    Name,
    NewCampaign,
    OwnId,
    PlacedBody,
    TrunkName,
    VariableName,
    VariableValue,
)
from dialer.conferences.conference import MOST_MEMBERS, ConferenceScript
from dialer.forms import CAMPAIGN_CURSOR, WITHOUT_NUL
from dialer.importing.rows import MAX_VARIABLES
from dialer.model import MAIN, NewCall, Priority, UnknownPolicy
from dialer.settings import Settings

LONGEST_CALL_S = 7200
"""As long as the carrier lets a call be: a conference does not end after the ten minutes of a message."""
DEFAULT_DEADLINE_S = 3600
_SOON = RedialBody(times=2, after_s=60)
DEFAULT_REDIAL: dict[Redialable, RedialBody] = {
    "busy": _SOON,
    "no_answer": _SOON,
    "machine": RedialBody(times=1, after_s=60),
    "failed": RedialBody(times=1, after_s=30),
}


class NewMember(Incoming, json_schema_extra={"examples": [{"number": "+31201234567", "name": "Ann"}]}):
    """Somebody to call into a conference."""

    number: str = Field(min_length=1, max_length=100, description="E.164, or national in the default region.")
    id: OwnId | None = Field(None, description="Your own id of this person.")
    name: Annotated[str, Field(max_length=200, pattern=WITHOUT_NUL)] | None = Field(
        None, description="The variable `name`, and how lists show this person."
    )
    variables: dict[VariableName, VariableValue] = Field(default_factory=dict, max_length=MAX_VARIABLES - 1)

    @property
    def values(self) -> dict[str, str]:
        """All variables, the name among them."""
        return {**self.variables, **({"name": self.name} if self.name is not None else {})}

    def call(self, settings: Settings) -> NewCall:
        """The call to this person. Raises InvalidInput (field `number`)."""
        number = parse_address(self.number, settings.default_region, settings.destinations)
        return NewCall(number=number, external_id=self.id, variables=self.values)


class NewConference(PlacedBody):
    """A conference to begin at once: everyone is called, and put into one conversation."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Crisis team",
                    "people": [
                        {"number": "+31201234567", "id": "chair", "name": "Ann"},
                        {"number": "+31201234568", "name": "Bob"},
                    ],
                    "moderator": "chair",
                    "text": "{{ name }}, this is the crisis team.",
                    "language": "en-GB",
                    "join_key": "1",
                }
            ]
        }
    )

    name: Name
    people: list[NewMember] = Field(min_length=1, description=f"Who is called: {MOST_MEMBERS} at most.")
    text: str = Field(min_length=1, description="Said to everyone who picks up; `{{ name }}` stands for a variable.")
    language: str | None = Field(None, description="Such as nl-NL; the dialer's default if left out.")
    style: int | None = Field(None, description="Number of the voice among those of the language (`GET /v1/voices`).")
    moderator: str | None = Field(
        None, max_length=200, description="Number or id of one of the people: it starts and ends with that one."
    )
    join_key: str | None = Field(None, description="One of 0-9 * #: only who presses it joins. A voicemail never does.")
    keys_text: str | None = Field(None, description="Tells the key; our own words if left out.")
    declined_text: str | None = Field(None, description="Said to who does not press it; our own words if left out.")
    too_late_text: str | None = Field(None, description="Said when it is over; our own words if left out.")
    music_on_hold_url: str | None = Field(None, description="An MP3 or WAV for those who wait (https).")
    record: bool = Field(default=False, description="Record it, from its start to its end.")
    machine_detection: Literal["continue", "hangup"] | None = Field(
        None, description="`hangup` without a join_key, else `continue`."
    )
    recalls: int | None = Field(None, ge=0, le=5, description="So often who was in and dropped is called again; 1.")
    recall_after_s: int | None = Field(None, ge=5, le=600, description="So many seconds after that; 10.")
    priority: Priority = Field(Priority.URGENT, description="Who gets the next token.")
    redial: dict[Redialable, RedialBody] = Field(
        default_factory=lambda: dict(DEFAULT_REDIAL), description="Late joiners: redials, per disposition."
    )
    unknown: UnknownPolicy = Field(UnknownPolicy.HOLD, description="For a call that may or may not have rung.")
    expires_at: Deadline | None = Field(
        None, description="Nobody is called after it; who is in stays in. An hour from now if left out."
    )
    trunk: TrunkName = Field(MAIN, description="The carrier account that everyone is called by.")
    retention_days: int | None = Field(
        None, ge=1, le=MAX_RETENTION_DAYS, description="Days until it is deleted; DIALER_RETENTION_DAYS if left out."
    )
    length_timer_s: int | None = Field(
        LONGEST_CALL_S, ge=1, le=7200, description="Seconds after which a call is ended."
    )

    def campaign(self, *, moderator: str | None, expires_at: datetime) -> NewCampaign:
        """The same as a campaign of the kind `conference`."""
        told: dict[str, Any] = {name: getattr(self, name) for name in _SHARED}
        script = {name: value for name in _SCRIPT if (value := getattr(self, name)) is not None}
        script |= {"moderator": moderator} if moderator else {}
        told |= {"trunks": [self.trunk], "success": None, "expires_at": expires_at}
        return NewCampaign(**told, kind="conference", script=script)


_SHARED = (*PlacedBody.model_fields, "name", "priority", "redial", "unknown", "retention_days")
_SCRIPT = tuple(
    name for name in ConferenceScript.__dataclass_fields__ if name in NewConference.model_fields and name != "moderator"
)


class ConferencesQuery(Incoming):
    """Which page of the conferences."""

    limit: int = Field(10, ge=1, le=20, description="How many at most.")
    cursor: str | None = Field(
        None, pattern=CAMPAIGN_CURSOR, max_length=100, description="`next_cursor` of the page before."
    )
