"""Further carrier accounts: the trunks besides `main`, each with variables of its own."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import NoDecode

from dialer.errors import InvalidInput
from dialer.forms import TRUNK
from dialer.model import MAIN
from dialer.settings.carrier import CarrierSettings
from dialer.settings.secret_files import SECRETS_DIR, read_secret
from dialer.settings.values import parts
from dialer.settings.variables import environment_name

OF_TRUNK = ("carrier_client_id", "carrier_client_secret", "carrier_application_id", "from_number", "calls_per_second")
AS_MAIN = ("carrier_url", "carrier_token_url", "carrier_generation", "carrier_extras", "trunk_breaker")
_BY_DEFAULT = ("signature_secret", "burst", "slots")
TRUNK_FIELDS = (*OF_TRUNK, *AS_MAIN, *_BY_DEFAULT)
"""What a further trunk has of its own. The first must be given; left out, the next are as those of `main`, and the last
have their defaults."""
_TRUNK_NAME = re.compile(TRUNK)


class TrunkSettings(CarrierSettings):
    """That part of the settings; what it has from the class above is of `main`."""

    trunks: Annotated[Mapping[str, Mapping[str, Any]], NoDecode] = Field(
        {},
        description="Further carrier accounts to dial through, besides this one, `main`: names in small letters and "
        "digits, separated by commas, such as south,west. Each has variables of its own.",
    )

    @field_validator("trunks", mode="before")
    @classmethod
    def _named_trunks(cls, given: object, info: ValidationInfo) -> object:
        if not isinstance(given, str):
            return given
        folder = info.data.get("secrets_dir", SECRETS_DIR)
        return {name: _given_for(name, folder) for name in parts(given)}

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

    def over(self, trunk: str) -> Self:
        """The settings as they are for calls over this trunk. Raises InvalidInput where there is none of the name."""
        if trunk == MAIN:
            return self
        if trunk not in self.trunks:
            variable = environment_name("trunks")
            raise InvalidInput(f"there is no trunk {trunk!r}: {variable} does not name it", field="trunks")
        return self.model_copy(update=dict(self.trunks[trunk]))


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
    missing = [trunk_variable(trunk, field) for field in OF_TRUNK if given.get(field) is None]
    if missing:
        raise ValueError(f"not set: {', '.join(missing)}")
    defaults = {field: CarrierSettings.model_fields[field].default for field in _BY_DEFAULT}
    values = {**main, **defaults, **given}
    try:
        made = CarrierSettings(**{name: values[name] for name in CarrierSettings.model_fields if name in values})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise ValueError(f"{trunk_variable(trunk, str(first['loc'][0]))}: {first['msg']}") from None
    return {field: getattr(made, field) for field in TRUNK_FIELDS}
