"""The settings that say how Redis is reached, and what counts as written.

What belongs together is checked together: a certificate without TLS, or a password given twice, is a mistake that
would show itself only when nothing works.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from dialer.errors import InvalidInput
from dialer.redis.address import RedisAddress, parse_address
from dialer.settings.variables import VariableSettings

_OF_TLS = ("redis_ca_file", "redis_cert_file", "redis_key_file")
_OF_SENTINEL = ("redis_sentinel_username", "redis_sentinel_password", "redis_sentinel_tls")


class RedisSettings(VariableSettings):
    """That part of the settings."""

    redis_url: str | None = Field(
        None,
        repr=False,  # it may hold a password
        description="The Redis to work on: redis://, rediss:// (TLS), unix://, or redis+sentinel:// and "
        "rediss+sentinel:// with sentinels and service, as in redis+sentinel://host1,host2,host3/dialer. "
        "Unset: `dialer up` and `dialer demo` run a private server of their own.",
    )
    redis_password: SecretStr | None = Field(
        None, min_length=1, description="Password of Redis, where it shall not stand in DIALER_REDIS_URL."
    )
    redis_ca_file: Path | None = Field(
        None, description="Certificates (PEM) that vouch for Redis and sentinels over TLS. Unset: those of the system."
    )
    redis_cert_file: Path | None = Field(
        None, description="Certificate (PEM) that this process shows to Redis and sentinels; needs the next."
    )
    redis_key_file: Path | None = Field(None, validate_default=True, description="Its key (PEM).")
    redis_check_hostname: bool = Field(
        default=True,
        description="Whether a certificate must be made out to the host that was asked for (true or false).",
    )
    redis_sentinel_username: str | None = Field(
        None, min_length=1, description="User at the sentinels, if they want one."
    )
    redis_sentinel_password: SecretStr | None = Field(
        None, min_length=1, description="Password at the sentinels, if they want one."
    )
    redis_sentinel_tls: bool | None = Field(
        None, description="Whether sentinels are reached over TLS (true or false). Unset: as the servers are."
    )
    redis_replicas_acknowledged: int | None = Field(
        None,
        ge=0,
        le=8,
        description="So many replicas at least, and all that follow, must have a change before it counts: no phone "
        "rings and no request is answered before that. Unset: 1 with sentinels, else 0, which asks none.",
    )

    @field_validator("redis_url")
    @classmethod
    def _readable(cls, url: str | None) -> str | None:
        if url is not None:
            parse_address(url)
        return url

    @field_validator("redis_password", *_OF_TLS, *_OF_SENTINEL, "redis_replicas_acknowledged")
    @classmethod
    def _fitting(cls, value: Any, info: ValidationInfo) -> Any:
        if value is not None and "redis_url" in info.data:  # else what is wrong there is told first
            _check_fit(str(info.field_name), info.data["redis_url"])
        return value

    @field_validator(*_OF_TLS)
    @classmethod
    def _there(cls, path: Path | None) -> Path | None:
        if path is None:
            return None
        try:
            path.expanduser().open("rb").close()
        except OSError as error:
            raise ValueError(f"{path} cannot be read ({error.strerror})") from None
        return path.expanduser().absolute()

    @field_validator("redis_key_file")
    @classmethod
    def _paired(cls, key: Path | None, info: ValidationInfo) -> Path | None:
        if "redis_cert_file" in info.data and (key is None) != (info.data["redis_cert_file"] is None):
            raise ValueError("goes with DIALER_REDIS_CERT_FILE: set both or none")
        return key

    @property
    def redis_address(self) -> RedisAddress:
        """Where Redis is, with the password. Raises InvalidInput where no URL is set."""
        if self.redis_url is None:
            raise InvalidInput("DIALER_REDIS_URL is not set", field="DIALER_REDIS_URL")
        address = parse_address(self.redis_url)
        return replace(address, password=self.redis_password.get_secret_value()) if self.redis_password else address

    @property
    def replicas_acknowledged(self) -> int:
        """So many replicas must have a change before it counts."""
        if self.redis_replicas_acknowledged is not None:
            return self.redis_replicas_acknowledged
        return 1 if self.redis_url and self.redis_address.service else 0


def _check_fit(field: str, url: str | None) -> None:
    """Raise ValueError where a setting has no use with this URL."""
    if url is None:
        raise ValueError("is for a Redis of your own: set DIALER_REDIS_URL as well")
    address = parse_address(url)
    if field == "redis_password" and address.password is not None:
        raise ValueError("DIALER_REDIS_URL holds a password as well: leave one of them out")
    if field in _OF_TLS and not address.is_tls and address.service is None:
        raise ValueError("is for TLS: DIALER_REDIS_URL must begin with rediss:// or rediss+sentinel://")
    if field in _OF_SENTINEL and address.service is None:
        raise ValueError("is for sentinels: DIALER_REDIS_URL must begin with redis+sentinel:// or rediss+sentinel://")
