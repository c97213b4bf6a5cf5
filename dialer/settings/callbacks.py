"""The settings of how the user's own system is told what happens."""

from __future__ import annotations

from pydantic import Field, SecretStr, field_validator

from dialer.callbacks.events import CallbackEvent
from dialer.settings.values import Several, is_signing_key
from dialer.settings.variables import VariableSettings


class CallbackSettings(VariableSettings):
    """That part of the settings."""

    callback_url: str | None = Field(
        None,
        pattern=r"^https?://[^/?#\s]+[^#\s]*$",
        description="Where your own system is told of single calls, and of campaigns without an address of their own.",
    )
    callback_events: Several[CallbackEvent] = Field(
        "call.ended",  # read as the environment is
        validate_default=True,
        description=f"What it is told where a campaign does not say, separated by commas: {', '.join(CallbackEvent)}.",
    )
    callback_secret: SecretStr | None = Field(
        None,
        description="Signs callbacks to your own system (Standard Webhooks): whsec_ and 24 to 64 bytes in base64, such "
        "as `whsec_$(openssl rand -base64 32)`; the same for API and workers.",
    )
    callback_origins: Several[str] = Field(
        frozenset(),
        description="Origins (scheme://host:port, separated by commas) that callbacks may go to although they lie in a "
        "private network or have no TLS.",
    )
    callback_numbers: bool = Field(
        default=True, description="Whether callbacks hold the number that was dialed, besides the ids."
    )

    @field_validator("callback_secret")
    @classmethod
    def _signing_key(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and not is_signing_key(secret.get_secret_value()):
            raise ValueError("must be whsec_ and 24 to 64 bytes in base64")
        return secret
