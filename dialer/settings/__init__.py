"""All configuration: one frozen class, read once from the environment and checked before anything starts.

Every program reads what it needs and asks for the rest by name with `require`, so that `dialer simulate` runs without
a carrier's credentials while `dialer worker` names the one that is missing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from dialer.callbacks.events import CallbackEvent
from dialer.errors import InvalidInput
from dialer.forms import LANGUAGE, TRUNK
from dialer.model import MAIN, Caps
from dialer.settings.redis import RedisSettings
from dialer.settings.secret_files import SECRETS_DIR, SecretFiles, read_secret
from dialer.settings.values import caller_id, is_signing_key
from dialer.window_text import parse_windows
from dialer.windows import Windows

PREFIX = "DIALER_"
_SHARE = re.compile(r"\+[1-9][0-9]{0,14}=0?\.[0-9]{1,4}")
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

CarrierExtra = Literal["advanced_detection", "inline_ncco", "random_from", "sip_headers"]
"""What KPN's gateway may or may not pass on: off until somebody has tried it (REFERENCE 3 and 13)."""


class Settings(RedisSettings):
    """The settings of one process. Each field's environment variable is its name in capitals after `DIALER_`.

    What is set neither by argument nor in the environment may stand in a file (dialer/settings/secret_files.py).
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", env_ignore_empty=True)

    secrets_dir: Path = Field(
        SECRETS_DIR,
        description="Folder of secrets, read where their variable is not set: one file for each, named as the variable "
        "in small letters or capitals. Any setting may stand there.",
    )
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
    carrier_generation: Literal["2018", "today"] = Field(
        "today",
        description="How voices and keys are written: `today` by language and style, `2018` by voiceName, as KPN's "
        "own pages have it.",
    )
    carrier_extras: Annotated[frozenset[CarrierExtra], NoDecode] = Field(
        frozenset(),
        description=f"What else your contract lets through, separated by commas: {', '.join(get_args(CarrierExtra))}.",
    )
    signature_secret: SecretStr | None = Field(
        None,
        min_length=1,
        description="Secret with which the carrier signs its webhooks. Set: every webhook must be signed with it.",
    )
    recording_origins: Annotated[frozenset[str], NoDecode] = Field(
        frozenset(),
        description="Origins (scheme://host:port, separated by commas) from which recordings are fetched besides the "
        "carrier's own hosts: for the stand-in.",
    )
    callback_url: str | None = Field(
        None,
        pattern=r"^https?://[^/?#\s]+[^#\s]*$",
        description="Where your own system is told of single calls, and of campaigns without an address of their own.",
    )
    callback_events: Annotated[frozenset[CallbackEvent], NoDecode] = Field(
        "call.ended",  # read as the environment is
        validate_default=True,
        description=f"What it is told where a campaign does not say, separated by commas: {', '.join(CallbackEvent)}.",
    )
    callback_secret: SecretStr | None = Field(
        None,
        description="Signs callbacks to your own system (Standard Webhooks): whsec_ and 24 to 64 bytes in base64, such "
        "as `whsec_$(openssl rand -base64 32)`; the same for API and workers.",
    )
    callback_origins: Annotated[frozenset[str], NoDecode] = Field(
        frozenset(),
        description="Origins (scheme://host:port, separated by commas) that callbacks may go to although they lie in a "
        "private network or have no TLS.",
    )
    callback_numbers: bool = Field(
        default=True, description="Whether callbacks hold the number that was dialed, besides the ids."
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
    from_number: str | None = Field(
        None, description="Caller id of every call: a number of the account, E.164 (+31...)."
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
    trunk_breaker: str = Field(
        "40/50",
        pattern=r"^(off|[1-9][0-9]{0,2}/[1-9][0-9]{0,2})$",
        description="So many failures among so many last attempts by this account, over all campaigns, stop it for a "
        "minute; `off` for none.",
    )
    trunks: Annotated[Mapping[str, Mapping[str, Any]], NoDecode] = Field(
        {},
        description="Further carrier accounts to dial through, besides this one, `main`: names in small letters and "
        "digits, separated by commas, such as south,west. Each has variables of its own.",
    )
    number_tries_day: int | None = Field(
        None,
        ge=1,
        le=1000,
        description="How often one number may be dialed within 24 hours, by all campaigns together, where a campaign "
        "that is not urgent does not say. Unset: any number.",
    )
    number_tries_week: int | None = Field(None, ge=1, le=1000, description="The same within seven times 24 hours.")
    number_spacing_s: int = Field(
        0,
        ge=0,
        le=604_800,
        description="The least seconds between two tries at one number, where a campaign does not say.",
    )
    prefix_shares: Annotated[frozenset[str], NoDecode] = Field(
        frozenset(),
        description="Of all calls, numbers with these beginnings get so much at the most: +3120=0.3,+31800=0.1; urgent "
        "calls excepted.",
    )
    call_euros: float = Field(
        0.10,
        ge=0.000001,
        le=1000,
        description="What is reserved of a campaign's cap in euro for each call that is up, where it does not say.",
    )
    breaker: str = Field(
        "12/15",
        pattern=r"^(off|[1-9][0-9]{0,2}/[1-9][0-9]{0,2})$",
        description="So many failures among so many last attempts stop a campaign that is not urgent and does not say "
        "otherwise; `off` for none.",
    )
    other_requests_per_second: float = Field(
        15.0, ge=1, le=1000, description="Status, list and hang-up requests per second, for the whole fleet together."
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
    audit_retention_days: int = Field(
        365, ge=1, le=3650, description="Days until an entry of the audit log is deleted."
    )
    retention_days: int = Field(
        90,
        ge=1,
        le=3650,
        description="Days after its end until a campaign and all of it is deleted; a draft, or a paused one, that "
        "nobody touches for so long is cancelled.",
    )
    default_region: str = Field(
        "NL", pattern=r"^[A-Z]{2}$", description="Country (ISO 3166) of numbers written without a country code."
    )
    allowed_destinations: Annotated[frozenset[str], NoDecode] = Field(
        frozenset(),
        description="Beginnings of the numbers that may be called, such as +31,+32, separated by commas; * for all. "
        "Unset: the country of DIALER_DEFAULT_REGION.",
    )
    default_language: str = Field(
        "nl-NL",
        pattern=LANGUAGE,
        description="Language of spoken text where a script names none (the carrier itself would read it as English).",
    )
    windows: str | None = Field(
        None,
        description="When people may be called, on their own clocks, where a campaign does not say: "
        "`mo-fr=09:00-20:00 sa=10:00-17:00 holidays=NL closed=2026-12-31`. Unset: always.",
    )
    allow_override: bool = Field(
        default=False, description="Whether an urgent campaign may be dialed outside of its windows (true or false)."
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

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic-settings' signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - likewise; see dialer/settings/secret_files.py
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then files."""
        return init_settings, env_settings, SecretFiles(settings_cls, environment_name)

    @field_validator("callback_secret")
    @classmethod
    def _signing_key(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and not is_signing_key(secret.get_secret_value()):
            raise ValueError("must be whsec_ and 24 to 64 bytes in base64")
        return secret

    @field_validator(
        "carrier_extras",
        "recording_origins",
        "callback_origins",
        "callback_events",
        "allowed_destinations",
        "prefix_shares",
        mode="before",
    )
    @classmethod
    def _separated(cls, given: object) -> object:
        return frozenset(filter(None, map(str.strip, given.split(",")))) if isinstance(given, str) else given

    @field_validator("public_url", "carrier_url")
    @classmethod
    def _without_trailing_slash(cls, url: str | None) -> str | None:
        return url.rstrip("/") if url else url

    @field_validator("data_dir")
    @classmethod
    def _expanded(cls, folder: Path) -> Path:
        return folder.expanduser().absolute()

    @field_validator("default_region")
    @classmethod
    def _known_region(cls, region: str) -> str:
        from phonenumbers import SUPPORTED_REGIONS  # noqa: PLC0415 - not for `--help`: it costs more than all of this

        if region not in SUPPORTED_REGIONS:
            raise ValueError("must be a country with telephone numbers, such as NL")
        return region

    @field_validator("breaker", "trunk_breaker")
    @classmethod
    def _can_open(cls, text: str) -> str:
        failures, _, of = text.partition("/")
        if of and int(failures) > int(of):
            raise ValueError("more failures than attempts: write it as 12/15, or off")
        return text

    @field_validator("windows")
    @classmethod
    def _readable_windows(cls, text: str | None) -> str | None:
        if text is not None:
            parse_windows(text)
        return text

    @field_validator("allowed_destinations")
    @classmethod
    def _beginnings(cls, given: frozenset[str]) -> frozenset[str]:
        wrong = next((one for one in sorted(given) if not re.fullmatch(r"\*|\+[1-9][0-9]{0,14}", one)), None)
        if wrong is not None:
            raise ValueError(f"{wrong!r} is no beginning of a number: write it like +31, or * for all")
        return given

    @field_validator("prefix_shares")
    @classmethod
    def _parts_of_one(cls, given: frozenset[str]) -> frozenset[str]:
        wrong = next(
            (one for one in sorted(given) if not _SHARE.fullmatch(one) or not float(one.partition("=")[2])), None
        )
        if wrong is not None:
            raise ValueError(f"{wrong!r} is no share of a beginning: write it like +3120=0.3, above 0 and below 1")
        return given

    @field_validator("from_number")
    @classmethod
    def _dialable(cls, number: str | None) -> str | None:
        return number if number is None else caller_id(number)

    @field_validator("trunks", mode="before")
    @classmethod
    def _named_trunks(cls, given: object, info: ValidationInfo) -> object:
        if not isinstance(given, str):
            return given
        folder = info.data.get("secrets_dir", SECRETS_DIR)
        return {name: _given_for(name, folder) for name in filter(None, map(str.strip, given.split(",")))}

    @field_validator("trunks")
    @classmethod
    def _usable_trunks(
        cls, given: Mapping[str, Mapping[str, Any]], info: ValidationInfo
    ) -> Mapping[str, Mapping[str, Any]]:
        """Each trunk's own values, checked as those of `main` are."""
        if any(name not in info.data for name in TRUNK_FIELDS):
            return given  # what is wrong there is told first
        _check_names(given)
        usable = {name: _usable(name, given[name], info.data) for name in sorted(given)}
        signed = {MAIN: info.data["signature_secret"]} | {n: values["signature_secret"] for n, values in usable.items()}
        unsigned = sorted(name for name, secret in signed.items() if secret is None)
        if 0 < len(unsigned) < len(signed):
            names = ", ".join(trunk_variable(name, "signature_secret") for name in unsigned)
            raise ValueError(f"{names} must be set: webhooks are signed by the carriers of all trunks or of none")
        return usable

    @property
    def trunk_names(self) -> tuple[str, ...]:
        """All trunks, `main` first."""
        return (MAIN, *self.trunks)

    def over(self, trunk: str) -> Settings:
        """The settings as they are for calls over this trunk. Raises InvalidInput where there is none of the name."""
        if trunk == MAIN:
            return self
        if trunk not in self.trunks:
            variable = environment_name("trunks")
            raise InvalidInput(f"there is no trunk {trunk!r}: {variable} does not name it", field="trunks")
        return self.model_copy(update=dict(self.trunks[trunk]))

    @property
    def shares(self) -> dict[str, float]:
        """Beginnings of numbers and the part of the budget that each gets at the most."""
        return {prefix: float(share) for prefix, _, share in (one.partition("=") for one in self.prefix_shares)}

    @property
    def default_windows(self) -> Windows | None:
        """The windows of a campaign that names none."""
        return parse_windows(self.windows) if self.windows else None

    @property
    def default_caps(self) -> Caps:
        """How often a campaign that does not say dials one number."""
        return Caps(day=self.number_tries_day, week=self.number_tries_week, spacing_ms=self.number_spacing_s * 1000)

    @property
    def callback_base(self) -> str:
        """Where callback URLs begin."""
        return self.public_url or f"http://{self.host}:{self.port}"

    @property
    def recordings_place(self) -> str:
        """The URL of the folder or bucket for recordings."""
        return self.recordings_url or (self.data_dir / "recordings").as_uri()

    @property
    def plays_carrier(self) -> bool:
        """Whether the carrier's address is this machine's own: a stand-in, where no phone rings."""
        return (urlsplit(self.carrier_url).hostname or "") in LOOPBACK

    @cached_property
    def destinations(self) -> tuple[str, ...]:
        """Beginnings of the numbers that may be called."""
        if self.allowed_destinations:
            return tuple(sorted(self.allowed_destinations))
        from phonenumbers import country_code_for_region  # noqa: PLC0415 - as above

        return (f"+{country_code_for_region(self.default_region)}",)

    def require(self, *names: str) -> None:
        """Raise InvalidInput naming every one of these fields that is not set."""
        missing = [environment_name(name) for name in names if getattr(self, name) is None]
        if missing:
            fields = type(self).model_fields
            sentences = [
                f"{environment_name(n)} is not set: {fields[n].description}" for n in names if getattr(self, n) is None
            ]
            raise InvalidInput("\n".join(sentences), field=missing[0])


_OF_TRUNK = ("carrier_client_id", "carrier_client_secret", "carrier_application_id", "from_number", "calls_per_second")
_AS_MAIN = ("carrier_url", "carrier_token_url", "carrier_generation", "carrier_extras", "trunk_breaker")
_BY_DEFAULT = ("signature_secret", "burst", "slots")
TRUNK_FIELDS = (*_OF_TRUNK, *_AS_MAIN, *_BY_DEFAULT)
"""What a further trunk has of its own. The first must be given; left out, the next are as those of `main`, and the last
have their defaults."""
_TRUNK_NAME = re.compile(TRUNK)


def trunk_variable(trunk: str, field: str) -> str:
    """The variable that sets a trunk's field: `from_number` of south gives `DIALER_TRUNK_SOUTH_FROM_NUMBER`."""
    return environment_name(field if trunk == MAIN else f"trunk_{trunk}_{field}")


def _given_for(trunk: str, folder: Path) -> dict[str, str]:
    """A further trunk's values as they stand in the environment and in files."""
    variables = {field: trunk_variable(trunk, field) for field in TRUNK_FIELDS}
    given = {field: os.environ.get(name) or read_secret(folder, name) for field, name in variables.items()}
    return {field: value for field, value in given.items() if value}


def _check_names(trunks: Mapping[str, Mapping[str, Any]]) -> None:
    wrong = next((name for name in trunks if name == MAIN or not _TRUNK_NAME.fullmatch(name)), None)
    if wrong is not None:
        why = "is there anyway" if wrong == MAIN else "is no name: small letters and digits, 16 at most"
        raise ValueError(f"{wrong!r} {why}")


def _usable(trunk: str, given: Mapping[str, Any], main: Mapping[str, Any]) -> dict[str, Any]:
    """A further trunk's fields, checked. Raises ValueError that names the variable."""
    missing = [trunk_variable(trunk, field) for field in _OF_TRUNK if given.get(field) is None]
    if missing:
        raise ValueError(f"not set: {', '.join(missing)}")
    defaults = {field: Settings.model_fields[field].default for field in _BY_DEFAULT}
    try:
        made = Settings(**{**main, **defaults, **given, "trunks": {}})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise ValueError(f"{trunk_variable(trunk, str(first['loc'][0]))}: {first['msg']}") from None
    return {field: getattr(made, field) for field in TRUNK_FIELDS}


CARRIER_FIELDS = ("carrier_client_id", "carrier_client_secret", "carrier_application_id", "from_number")
"""What a process that speaks to the carrier cannot do without."""


def environment_name(field: str) -> str:
    """The variable that sets a field: `redis_url` gives `DIALER_REDIS_URL`."""
    return PREFIX + field.upper()


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
