"""Settings out of files, as containers and systemd hand secrets over: one file for each, named as its variable.

pydantic-settings has a source of its own for them, which only warns of what it cannot read. A signature's secret that
is left out so would open the webhooks to everybody: here, a file that is there and cannot be read is an error.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from dialer.errors import InvalidInput

SECRETS_DIR = Path("/run/secrets")
"""Where Docker, Podman and Compose mount them."""
_FOLDER = "secrets_dir"


class SecretFiles(PydanticBaseSettingsSource):
    """Values of files in the folder that the sources before this one name by `secrets_dir`."""

    def __init__(self, settings: type[BaseSettings], variable: Callable[[str], str]) -> None:
        """Read each field from the file that has the name of its `variable`."""
        super().__init__(settings)
        self._variable = variable

    def __call__(self) -> dict[str, Any]:
        """The values that are there, by field. Raises InvalidInput for a file that cannot be read."""
        folder = self._folder()
        fields = self.settings_cls.model_fields.keys() - {_FOLDER}
        read = {name: read_secret(folder, self._variable(name)) for name in sorted(fields)}
        return {name: value for name, value in read.items() if value is not None}

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - its signature
        """One field's value as text, its name, and that it is not JSON."""
        return read_secret(self._folder(), self._variable(field_name)), field_name, False

    def _folder(self) -> Path:
        return Path(self.current_state.get(_FOLDER) or SECRETS_DIR)


def read_secret(folder: Path, variable: str) -> str | None:
    """What stands in the file of a variable, `dialer_api_key` or `DIALER_API_KEY`, without the space around it.

    None where there is no such file, or nothing in it. Raises InvalidInput where it cannot be read.
    """
    for path in (folder / variable.lower(), folder / variable):
        try:
            return path.read_text("utf-8").strip() or None
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidInput(_unreadable(path, variable, error), field=variable) from None
    return None


def names_of_secrets(folder: Path) -> list[str]:
    """The names of all that lies in the folder, nothing where it is not there."""
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def _unreadable(path: Path, variable: str, error: OSError | UnicodeDecodeError) -> str:
    # A UnicodeDecodeError's own words hold what was read.
    why = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
    return f"{variable} cannot be read from {path}: {why}. Put the value there, readable by this user, or take it away."
