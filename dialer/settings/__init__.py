"""All configuration: one frozen class of several parts, read once and checked before anything starts.

Every program reads what it needs and asks for the rest by name with `require`, so that `dialer simulate` runs without
a carrier's credentials while `dialer worker` names the one that is missing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, field_validator

from dialer.errors import InvalidInput
from dialer.settings.callbacks import CallbackSettings
from dialer.settings.calling import CallingSettings
from dialer.settings.carrier import CARRIER_FIELDS, LOOPBACK
from dialer.settings.redis import RedisSettings
from dialer.settings.trunks import TRUNK_FIELDS, TrunkSettings, trunk_variable
from dialer.settings.variables import PREFIX, environment_name

__all__ = [
    "CARRIER_FIELDS",
    "LOOPBACK",
    "PREFIX",
    "TRUNK_FIELDS",
    "Settings",
    "environment_name",
    "load_settings",
    "trunk_variable",
]


class Settings(CallbackSettings, CallingSettings, TrunkSettings, RedisSettings):
    """The settings of one process.

    The fields of the last part come first. A validator's name must be its own among all parts: of two of a name, one is
    not asked.
    """

    data_dir: Path = Field(
        Path("~/.local/share/dialer"),
        description="Folder of the private Redis server, its append-only file and the generated keys.",
    )
    host: str = Field("127.0.0.1", min_length=1, description="Address the API listens on.")
    port: int = Field(8080, ge=0, le=65535, description="TCP port the API listens on; 0 takes any free one.")
    api_grace_s: float = Field(
        0,
        ge=0,
        le=300,
        description="How long the API serves on, no longer ready (`/readyz`), once it was asked to end, so that a load "
        "balancer goes elsewhere first: longer than that takes to notice. 0 where there is none.",
    )
    public_url: str | None = Field(
        None,
        pattern=r"^https?://[^/?#\s]+[^?#\s]*$",
        description="Where the carrier reaches this API from outside. "
        "Unset: http://HOST:PORT, good only for the stand-in.",
    )
    api_key: SecretStr | None = Field(
        None,
        min_length=1,
        description="The administrator's first key, sent as a bearer token, with which others are made; 16 characters "
        "or more are advised. "
        "`dialer up` makes one when unset.",
    )
    webhook_secret: SecretStr | None = Field(
        None,
        min_length=1,
        description="Signs the token in every callback URL; the same on all machines, 16 or more characters advised. "
        "`dialer up` makes one when unset.",
    )
    erasure_secret: SecretStr | None = Field(
        None,
        min_length=16,
        description="Under it the hashes of erased numbers are made that nobody may call; the same on all machines, "
        "for good: without it they could not be told again. `dialer up` makes one when unset.",
    )
    recordings_url: str | None = Field(
        None,
        pattern=r"^(file:///.+|s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^?#\s]*)?)$",
        description="Where recordings are kept, for all processes the same: file:///folder or s3://bucket/prefix (with "
        "AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID and so on). Unset: the folder `recordings` in "
        "DIALER_DATA_DIR.",
    )
    recording_retention_days: int = Field(
        90, ge=1, le=3650, description="Days until a recording is deleted; with its campaign it goes before that."
    )
    api_requests_per_second: float = Field(
        50.0,
        gt=0,
        le=10_000,
        description="Requests a second that one API key may send to one API process, after two seconds' worth at once; "
        "DIALER_API_KEY itself has no limit.",
    )
    wrong_keys_per_minute: int = Field(
        20,
        ge=1,
        le=100_000,
        description="Wrong API keys from one address to one API process; whoever sends more waits.",
    )
    audit_retention_days: int = Field(
        365, ge=1, le=3650, description="Days until an entry of the audit log is deleted."
    )
    worker_metrics_port: int = Field(
        0, ge=0, le=65535, description="Port of a worker's /metrics on DIALER_HOST; 0 takes any free one."
    )
    max_jobs: int = Field(
        200, ge=1, le=10_000, description="Batches of calls one worker may have in hand at the same time."
    )
    max_import_bytes: int = Field(
        536_870_912, ge=1024, description="Largest list of calls taken in one request, in bytes."
    )
    most_listeners: int = Field(
        200,
        ge=0,
        le=10_000,
        description="Listeners to the live stream that one API process takes; one API key has half of the places at "
        "the most, DIALER_API_KEY itself all.",
    )
    tracing: bool = Field(
        default=False,
        description="Whether traces are sent, by OpenTelemetry (true or false): where to, and how many, is set by its "
        "own OTEL_* variables. Needs `dialer[otel]`.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")

    @field_validator("public_url")
    @classmethod
    def _without_trailing_slash(cls, url: str | None) -> str | None:
        return url.rstrip("/") if url else url

    @field_validator("data_dir")
    @classmethod
    def _expanded(cls, folder: Path) -> Path:
        return folder.expanduser().absolute()

    @property
    def callback_base(self) -> str:
        """Where callback URLs begin."""
        return self.public_url or f"http://{self.host}:{self.port}"

    @property
    def recordings_place(self) -> str:
        """The URL of the folder or bucket for recordings."""
        return self.recordings_url or (self.data_dir / "recordings").as_uri()


def load_settings(**overrides: object) -> Settings:
    """Read the environment; a wrong value raises InvalidInput with a sentence that names its variable."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        raise InvalidInput("\n".join(_sentences(error)), field=_first_field(error)) from None


def _sentences(error: ValidationError) -> list[str]:
    fields = Settings.model_fields
    return [
        f"{environment_name(name)} is not usable: {words.removeprefix('Value error, ')}. {fields[name].description}"
        for name, words in ((str(e["loc"][0]), e["msg"]) for e in error.errors(include_input=False, include_url=False))
    ]


def _first_field(error: ValidationError) -> str:
    return environment_name(str(error.errors()[0]["loc"][0]))
