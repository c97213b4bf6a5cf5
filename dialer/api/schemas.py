"""What a client may send: the pydantic models of bodies; those of queries are in `queries.py`.

They are strict and refuse what they don't know. Lengths are bounded here, so that nothing past the rim has
to ask. Figures are checked where they are meant: numbers in `phone.py`, scripts by their kind.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from dialer import forms
from dialer.api.brake_bodies import BrakesBody
from dialer.api.hours_bodies import WindowsChange
from dialer.api.models import Incoming, Moment
from dialer.api.redial_bodies import RedialsBody
from dialer.api.share_bodies import ShareBody
from dialer.callbacks.events import CallbackEvent
from dialer.conferences.conference import ConferenceScript
from dialer.dispositions import Disposition
from dialer.importing.rows import MAX_ID, MAX_NAME, MAX_NUMBERS, MAX_VALUE, MAX_VARIABLES
from dialer.model import MAIN, Priority, UnknownPolicy
from dialer.scripts import CallScript

MAX_NAME_LENGTH = 200
MAX_RETENTION_DAYS = 3650


def _as_text(given: object) -> object:
    # A list's cell has no type, so a figure in JSON means what it would mean in a CSV file.
    return str(given) if isinstance(given, int | float) and not isinstance(given, bool) else given


def _in_utc(given: datetime) -> datetime:
    return given.astimezone(UTC)


Name = Annotated[str, StringConstraints(min_length=1, max_length=MAX_NAME_LENGTH, pattern=forms.NAME)]
OwnId = Annotated[str, StringConstraints(min_length=1, max_length=MAX_ID, pattern=forms.OWN_ID)]
CallerId = Annotated[str, StringConstraints(pattern=forms.PHONE)]
Deadline = Annotated[Moment, AfterValidator(_in_utc)]
Address = Annotated[str, StringConstraints(min_length=1, max_length=100)]
VariableName = Annotated[str, StringConstraints(min_length=1, max_length=MAX_NAME, pattern=forms.ONE_LINE)]
VariableValue = Annotated[
    str,
    BeforeValidator(_as_text),
    StringConstraints(max_length=MAX_VALUE, pattern=forms.WITHOUT_NUL),
    WithJsonSchema({"type": ["string", "number"], "maxLength": MAX_VALUE}),
]


class NotificationBody(Incoming):
    """What a call of kind `notification` says, and what may be pressed. Checked by `NotificationScript`."""

    text: str = Field(min_length=1, description="Spoken text; `{{ name }}` stands for a variable of the call.")
    language: str | None = Field(
        None, description="Language to speak, such as nl-NL; the dialer's default if left out."
    )
    style: int | None = Field(None, description="Number of the voice among those of the language (`GET /v1/voices`).")
    voicemail_text: str | None = Field(None, description="What a machine hears; needs machine_detection `continue`.")
    repeat_key: str | None = Field(None, description="Key that says the text again: one of 0-9 * #.")
    confirm_key: str | None = Field(None, description="Key that confirms; the call's disposition is then `confirmed`.")
    confirm_text: str | None = Field(None, description="Said after it; our own words if left out.")
    opt_out_key: str | None = Field(None, description="Key after which this number is called by no campaign again.")
    opt_out_text: str | None = Field(None, description="Said after it; our own words if left out.")
    keys_text: str | None = Field(None, description="Tells the keys; our own words if left out, none if empty.")
    no_input: int | None = Field(None, ge=0, le=9, description="How often all is said again if nothing is pressed.")
    wrong_key_text: str | None = Field(None, description="Said after a key that means nothing.")
    barge_in: bool | None = Field(None, description="Whether a key ends the speech.")
    machine_detection: Literal["continue", "hangup"] | None = Field(None, description="Look for answering machines.")


def _object(given: object) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise PydanticCustomError("dict_type", "Input should be an object")
    return given


Script = Annotated[
    dict[str, Any], PlainValidator(_object, json_schema_input_type=NotificationBody | CallScript | ConferenceScript)
]
"""A script in the form of its kind. What it holds is checked by the kind, whose errors name the field."""


EscalationPlanned = Annotated[dict[str, Any], PlainValidator(_object, json_schema_input_type=dict[str, Any])]
"""An escalation as `escalation_bodies.py` reads it, where a campaign is drafted: its errors name the field."""


class AdvancedDetectionBody(Incoming):
    """The carrier's paid machine detection; must be allowed in DIALER_CARRIER_EXTRAS."""

    mode: Literal["default", "detect", "detect_beep"] = Field(
        "default", description="Beside the script, before it, or waiting for the beep."
    )
    beep_timeout_s: int | None = Field(None, ge=45, le=120, description="The longest wait for the beep.")


class PlacedBody(Incoming):
    """How calls are placed, beyond whom they go to and what they say."""

    caller_ids: list[CallerId] = Field(
        default_factory=list,
        max_length=100,
        description="Numbers of the account to call from, used in turn; the trunk's own if left out.",
    )
    random_caller_id: bool = Field(default=False, description="Let the carrier choose among the application's numbers.")
    ringing_timer_s: int | None = Field(None, ge=1, le=120, description="Seconds a phone may ring.")
    length_timer_s: int | None = Field(None, ge=1, le=7200, description="Seconds after which a call is ended.")
    advanced_detection: AdvancedDetectionBody | None = None


class ToldBody(Incoming):
    """Whom it is told what becomes of calls, and how long it is kept."""

    retention_days: int | None = Field(
        None,
        ge=1,
        le=MAX_RETENTION_DAYS,
        description="Days after its end until all of it is deleted; DIALER_RETENTION_DAYS if left out.",
    )
    callback_url: str | None = Field(
        None,
        min_length=1,
        max_length=2048,
        description="Where your own system is told what becomes of the calls, https; DIALER_CALLBACK_URL if left out.",
    )
    callback_events: list[CallbackEvent] | None = Field(
        None, description="What it is told; DIALER_CALLBACK_EVENTS if left out, nothing if empty."
    )


TrunkName = Annotated[str, StringConstraints(pattern=forms.TRUNK)]


class NewCampaign(PlacedBody, WindowsChange, ToldBody, ShareBody, BrakesBody, RedialsBody):
    """A campaign to create."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Power cut in the harbour district",
                    "kind": "notification",
                    "script": {"text": "Hello {{ name }}, the power is back at {{ time }}.", "language": "en-GB"},
                    "priority": "normal",
                    "redial": {"busy": {"times": 2, "after_s": 300}, "no_answer": {"times": 1, "after_s": 3600}},
                }
            ]
        }
    )

    name: Name
    kind: Literal["notification", "script", "conference"] = Field(description="What the calls do.")
    script: Script
    priority: Priority = Field(
        Priority.NORMAL, description="Who gets the next token: urgent before normal before background."
    )
    trunks: list[TrunkName] = Field(
        default_factory=lambda: [MAIN],
        min_length=1,
        max_length=20,
        description="Carrier accounts that its calls may leave by (`GET /v1/trunks`): each gives it its share there. "
        "For good.",
    )
    escalation: EscalationPlanned | None = Field(
        None,
        description="What `then: escalate` begins for each call that is given up: the body of `POST /v1/escalations`, "
        "without `expires_at`. Its texts may say `{{ call_number }}`, `{{ call_id }}` and, as `{{ call_name }}`, the "
        "variables that this campaign's script needs, all of that call.",
    )
    unknown: UnknownPolicy = Field(
        UnknownPolicy.HOLD,
        description="For a call whose phone may or may not have rung: `hold` it for a person, or `redial` it.",
    )

    success: list[Disposition] | None = Field(
        None,
        description="Dispositions that count as success; `confirmed` alone where the script asks for it, else "
        "`answered` too.",
    )
    expires_at: Deadline | None = Field(None, description="What is not dialed by then is `expired`, never dialed late.")


class CampaignAgain(NewCampaign):
    """What a campaign made from another's calls has of its own; all else is as the other has it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Power cut, second round"}]})

    kind: Literal["notification", "script"] | None = Field(None, description="Given with `script`.")  # type: ignore[assignment] # what is required of the other may be left out here
    script: Script | None = None  # type: ignore[assignment] # the same
    dispositions: list[Disposition] | None = Field(
        None, min_length=1, description="Who comes along; all who are done without success if left out."
    )


class CampaignChange(ShareBody, BrakesBody, RedialsBody):
    """What becomes otherwise; whatever is left out stays as it is."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"weight": 3, "slots": 20}]})

    script: Script | None = Field(
        None, description="What calls say that begin from now on: in the form of its kind, with no further variables."
    )


class EndpointBody(Incoming):
    """What the call's address needs besides itself."""

    dtmf_answer: str | None = Field(None, description="Keys pressed towards a phone when it is answered; p waits.")
    headers: dict[str, str] | None = Field(None, max_length=20, description="For a SIP address or a websocket.")
    content_type: Literal["audio/l16;rate=8000", "audio/l16;rate=16000"] | None = Field(
        None, description="Audio of a websocket."
    )


class NewSingleCall(PlacedBody):
    """One call to dial as soon as its turn comes, without a campaign of its own."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "number": "+31201234567",
                    "script": {"text": "Alarm in {{ room }}.", "language": "en-GB"},
                    "priority": "urgent",
                    "variables": {"room": "server room 2"},
                }
            ]
        }
    )

    number: Address | None = Field(
        None, description="E.164, or national in the default region; also a SIP (sip:) or websocket (wss://) address."
    )
    numbers: list[Address] | None = Field(
        None,
        min_length=1,
        max_length=MAX_NUMBERS,
        description="Instead of `number`: several of one person. The next is dialed at once after one that is invalid "
        "or failed.",
    )
    script: Script
    kind: Literal["notification", "script"] = Field("notification", description="What the call does.")
    endpoint: EndpointBody = EndpointBody()
    priority: Priority = Field(Priority.NORMAL, description="Urgent calls leave at the next free token.")
    variables: dict[VariableName, VariableValue] = Field(default_factory=dict, max_length=MAX_VARIABLES)
    id: OwnId | None = Field(None, description="Your own id of this call; within a day the same id is dialed once.")
    timezone: str | None = Field(
        None, max_length=64, description="Where the person is (IANA name); the number tells it if left out."
    )
    expires_at: Deadline | None = Field(None, description="Not dialed by then it is `expired`, never dialed late.")
