"""What a client may order a call to do: one pydantic model for each word of `do`, and the step into our own terms.

Bounds that are the carrier's are checked by its adapter (`Provider.check_order`), with the same names of fields.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, JsonValue, RootModel

from dialer.api.models import Incoming
from dialer.forms import SECURE_WEB, TONES
from dialer.providers.steering import Act, Order, SendDigits, StartStream, StartTalk

MAX_URL = 2048
Url = Annotated[str, Field(pattern=SECURE_WEB, max_length=MAX_URL)]
Loop = Annotated[int, Field(ge=0, description="How often; 0 for ever.")]
Level = Annotated[float | None, Field(ge=-1, le=1, description="Loudness; the carrier's own if left out.")]


class Simple(Incoming):
    """An order that needs nothing more said."""

    do: Literal["hang_up", "mute", "unmute", "earmuff", "unearmuff", "stop_play", "stop_talk"] = Field(
        description="`mute`: the others do not hear this party; `earmuff`: this party does not hear the others."
    )

    def order(self, language: str) -> Order:  # noqa: ARG002 - as all of them
        """The order in the project's own terms."""
        return Act(self.do)


class TransferBody(Incoming):
    """Go on with another script: one of ours, or an NCCO of yours at an address. Exactly one of the two."""

    do: Literal["transfer"]
    script: dict[str, JsonValue] | None = Field(None, description="A call script: `language`, `steps` and so on.")
    url: Url | None = Field(None, description="Where the carrier finds the NCCO.")


class PlayBody(Incoming):
    """Play an audio file to this party."""

    do: Literal["play"]
    url: Url = Field(description="An MP3 or 16-bit WAV.")
    loop: Loop = 1
    level: Level = None

    def order(self, language: str) -> Order:  # noqa: ARG002 - as all of them
        """The order in the project's own terms."""
        return StartStream(self.url, self.loop, self.level)


class TalkBody(Incoming):
    """Speak to this party."""

    do: Literal["talk"]
    text: str = Field(min_length=1, description="Plain text or SSML, at most 1500 characters.")
    language: str | None = Field(None, description="Such as nl-NL; the dialer's default if left out.")
    style: int = Field(0, ge=0, description="Number of the voice among those of the language.")
    premium: bool = Field(default=False, description="The better, dearer voice.")
    loop: Loop = 1
    level: Level = None

    def order(self, language: str) -> Order:
        """The order in the project's own terms."""
        voice = (self.language or language, self.style, self.premium)
        return StartTalk(self.text, *voice, loop=self.loop, level=self.level)


class DigitsBody(Incoming):
    """Press keys towards this party."""

    do: Literal["dtmf"]
    digits: str = Field(pattern=TONES, description="0-9, *, #, and p for half a second of pause.")

    def order(self, language: str) -> Order:  # noqa: ARG002 - as all of them
        """The order in the project's own terms."""
        return SendDigits(self.digits)


AnyOrder = Annotated[Simple | TransferBody | PlayBody | TalkBody | DigitsBody, Field(discriminator="do")]


class OrderBody(RootModel[AnyOrder]):
    """What shall be done to the call."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"do": "mute"},
                {"do": "talk", "text": "This call ends in one minute.", "language": "en-GB"},
                {"do": "transfer", "script": {"steps": [{"do": "say", "text": "Please hold the line."}]}},
            ]
        }
    )
