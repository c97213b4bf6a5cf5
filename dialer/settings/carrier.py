"""The settings of one carrier account, and of how its calls are placed."""

from __future__ import annotations

from typing import Literal, get_args
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from dialer.settings.values import Breaker, Several, caller_id
from dialer.settings.variables import VariableSettings

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

CarrierExtra = Literal["advanced_detection", "inline_ncco", "random_from", "sip_headers"]
"""What KPN's gateway may or may not pass on: off until somebody has tried it (REFERENCE 3 and 13)."""

CARRIER_FIELDS = ("carrier_client_id", "carrier_client_secret", "carrier_application_id", "from_number")
"""What a process that speaks to the carrier cannot do without."""


class CarrierSettings(VariableSettings):
    """That part of the settings."""

    carrier_url: str = Field(
        "https://api-prd.kpn.com/communication/nexmo",
        pattern=r"^https?://[^/?#\s]+[^?#\s]*$",
        description="Base of the carrier's Voice API.",
    )
    carrier_token_url: str = Field(
        "https://api-prd.kpn.com/oauth/client_credential/accesstoken",
        pattern=r"^https?://[^/?#\s]+[^#\s]*$",
        description="Where access tokens are issued (OAuth2 client credentials).",
    )
    carrier_client_id: str | None = Field(None, min_length=1, description="OAuth2 client id of the carrier project.")
    carrier_client_secret: SecretStr | None = Field(None, min_length=1, description="OAuth2 client secret.")
    carrier_application_id: str | None = Field(
        None, min_length=1, description="The Voice application, sent as the `ApplicationId` header."
    )
    from_number: str | None = Field(
        None, description="Caller id of every call: a number of the account, E.164 (+31...)."
    )
    carrier_generation: Literal["2018", "today"] = Field(
        "today",
        description="How voices and keys are written: `today` by language and style, `2018` by voiceName, as KPN's "
        "own pages have it.",
    )
    carrier_extras: Several[CarrierExtra] = Field(
        frozenset(),
        description=f"What else your contract lets through, separated by commas: {', '.join(get_args(CarrierExtra))}.",
    )
    signature_secret: SecretStr | None = Field(
        None,
        min_length=1,
        description="Secret with which the carrier signs its webhooks. Set: every webhook must be signed with it.",
    )
    recording_origins: Several[str] = Field(
        frozenset(),
        description="Origins (scheme://host:port, separated by commas) from which recordings are fetched besides the "
        "carrier's own hosts: for the stand-in.",
    )
    calls_per_second: float = Field(
        3.0, gt=0, le=10_000, description="Calls the carrier takes per second, for the whole fleet together."
    )
    burst: int = Field(
        1, ge=1, le=1000, description="Calls that may start at one moment after a pause; 1 spaces all of them evenly."
    )
    slots: int = Field(
        0,
        ge=0,
        le=1_000_000,
        description="Calls that may be up at the same time by this account, over all campaigns; 0 for any number.",
    )
    trunk_breaker: Breaker = Field(
        "40/50",
        description="So many failures among so many last attempts by this account, over all campaigns, stop it for a "
        "minute; `off` for none.",
    )
    other_requests_per_second: float = Field(
        15.0, ge=1, le=1000, description="Status, list and hang-up requests per second, for the whole fleet together."
    )
    carrier_timeout_s: float = Field(
        20.0, ge=0.1, le=60, description="Seconds to wait for the carrier's answer to one request."
    )
    ringing_timer_s: int = Field(45, ge=1, le=120, description="Seconds a phone may ring before the carrier gives up.")
    length_timer_s: int = Field(
        600, ge=1, le=7200, description="Seconds after which the carrier ends an answered call."
    )
    unavailable_settle_s: float = Field(
        10.0,
        ge=1,
        le=300,
        description="Seconds in which a call behind a 503 may still show itself before it is dialed again.",
    )
    unknown_hold_s: float = Field(
        60.0,
        ge=5,
        le=9000,
        description="Seconds after which an attempt that may or may not have rung is handed to a person "
        "(`undetermined`).",
    )

    @field_validator("carrier_url")
    @classmethod
    def _base(cls, url: str) -> str:
        return url.rstrip("/")

    @field_validator("from_number")
    @classmethod
    def _dialable(cls, number: str | None) -> str | None:
        return number if number is None else caller_id(number)

    @property
    def plays_carrier(self) -> bool:
        """Whether the carrier's address is this machine's own: a stand-in, where no phone rings."""
        return (urlsplit(self.carrier_url).hostname or "") in LOOPBACK
