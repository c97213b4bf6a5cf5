"""What a client may send: the pydantic models of bodies and queries.

They are strict and refuse what they don't know. Lengths are bounded here, so that nothing past the rim has
to ask. Figures are checked where they are meant: numbers in `phone.py`, scripts in `notification.py`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema

from dialer.dispositions import Disposition
from dialer.importing.rows import MAX_ID, MAX_NAME, MAX_VALUE, MAX_VARIABLES
from dialer.model import Priority, Redial, UnknownPolicy
from dialer.recordings.records import RecordingState
from dialer.states import CallState

MAX_NAME_LENGTH = 200
MAX_REDIAL_AFTER_S = 2_592_000  # 30 days: beyond it a campaign is another campaign

# dispositions.REDIALABLE, which a test compares: a type cannot be made from it.
Redialable = Literal["busy", "no_answer", "failed", "rejected", "machine"]


class Incoming(BaseModel):
    """Sent to us: strict, unknown fields refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Nothing(Incoming):
    """No field at all."""


def _as_text(given: object) -> object:
    # A list's cell has no type, so a figure in JSON means what it would mean in a CSV file.
    return str(given) if isinstance(given, int | float) and not isinstance(given, bool) else given


_OUR_ID = r"^[a-z0-9]+(-[a-z0-9]+)*$"
_VISIBLE = r"^[^\x00-\x1f\x7f]*$"
Name = Annotated[str, StringConstraints(min_length=1, max_length=MAX_NAME_LENGTH, pattern=_VISIBLE)]
OwnId = Annotated[str, StringConstraints(min_length=1, max_length=MAX_ID, pattern=_VISIBLE)]
VariableName = Annotated[str, StringConstraints(min_length=1, max_length=MAX_NAME, pattern=_VISIBLE)]
VariableValue = Annotated[
    str,
    BeforeValidator(_as_text),
    StringConstraints(max_length=MAX_VALUE, pattern=r"^[^\x00]*$"),
    WithJsonSchema({"type": ["string", "number"], "maxLength": MAX_VALUE}),
]


class ScriptBody(Incoming):
    """What a call of kind `notification` says."""

    text: str = Field(min_length=1, description="Spoken text; `{{ name }}` stands for a variable of the call.")
    language: str | None = Field(
        None, description="Language to speak, such as nl-NL; the dialer's default if left out."
    )
    style: int | None = Field(None, description="Number of the voice among those of the language.")


class RedialBody(Incoming):
    """When a call is dialed again after one disposition."""

    times: int = Field(ge=0, le=100, description="How often at most.")
    after_s: float = Field(ge=0, le=MAX_REDIAL_AFTER_S, description="How many seconds later.")


class NewCampaign(Incoming):
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
    kind: Literal["notification"] = Field(description="What the calls do.")
    script: ScriptBody
    priority: Priority = Field(
        Priority.NORMAL, description="Who gets the next token: urgent before normal before background."
    )
    redial: dict[Redialable, RedialBody] = Field(default_factory=dict, description="Redials, per disposition.")
    unknown: UnknownPolicy = Field(
        UnknownPolicy.HOLD,
        description="For a call whose phone may or may not have rung: `hold` it for a person, or `redial` it.",
    )

    def redials(self) -> dict[Disposition, Redial]:
        """The policy in the project's own terms."""
        return {Disposition(d): Redial(times=r.times, after_ms=round(r.after_s * 1000)) for d, r in self.redial.items()}


class NewSingleCall(Incoming):
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

    number: str = Field(min_length=1, max_length=100, description="E.164, or national in the default region.")
    script: ScriptBody
    kind: Literal["notification"] = Field("notification", description="What the call does.")
    priority: Priority = Field(Priority.NORMAL, description="Urgent calls leave at the next free token.")
    variables: dict[VariableName, VariableValue] = Field(default_factory=dict, max_length=MAX_VARIABLES)
    id: OwnId | None = Field(None, description="Your own id of this call; within a day the same id is dialed once.")


class CampaignsQuery(Incoming):
    """Which page of the campaigns."""

    limit: int = Field(50, ge=1, le=200, description="How many at most.")
    cursor: str | None = Field(None, pattern=r"^[0-9]{1,9}$", description="`next_cursor` of the page before.")


class CallsQuery(Incoming):
    """Which of a campaign's calls."""

    state: CallState | None = None
    disposition: Disposition | None = None
    limit: int = Field(100, ge=1, le=1000, description="How many at most.")
    cursor: str | None = Field(None, pattern=r"^[0-9]{1,12}$", description="`next_cursor` of the page before.")


class RecordingsQuery(Incoming):
    """Which recordings."""

    campaign_id: str | None = Field(None, pattern=_OUR_ID, max_length=64, description="Those of one campaign.")
    call_id: str | None = Field(None, pattern=_OUR_ID, max_length=64, description="Those of one call, all in one page.")
    state: RecordingState | None = None
    limit: int = Field(100, ge=1, le=1000, description="How many at most.")
    cursor: str | None = Field(
        None, pattern=r"^[0-9]{1,15}-r[a-z2-7]{16}$", description="`next_cursor` of the page before."
    )


class ResultsQuery(Incoming):
    """In which form."""

    format: Literal["csv", "ndjson"] | None = Field(None, description="Goes before the Accept header.")
