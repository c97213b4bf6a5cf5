"""What all parts of the settings have in common: their variables, the order of their sources, and what must be set."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from dialer.errors import InvalidInput
from dialer.settings.secret_files import SECRETS_DIR, SecretFiles

PREFIX = "DIALER_"


def environment_name(field: str) -> str:
    """The variable that sets a field: `redis_url` gives `DIALER_REDIS_URL`."""
    return PREFIX + field.upper()


class VariableSettings(BaseSettings):
    """Settings out of variables. Each field's environment variable is its name in capitals after `DIALER_`.

    What is set neither by argument nor in the environment may stand in a file (dialer/settings/secret_files.py).
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", env_ignore_empty=True)

    secrets_dir: Path = Field(
        SECRETS_DIR,
        description="Folder of secrets, read where their variable is not set: one file for each, named as the variable "
        "in small letters or capitals. Any setting may stand there.",
    )

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

    def require(self, *names: str) -> None:
        """Raise InvalidInput naming every one of these fields that is not set."""
        missing = [environment_name(name) for name in names if getattr(self, name) is None]
        if missing:
            fields = type(self).model_fields
            sentences = [
                f"{environment_name(n)} is not set: {fields[n].description}" for n in names if getattr(self, n) is None
            ]
            raise InvalidInput("\n".join(sentences), field=missing[0])
