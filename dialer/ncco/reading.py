"""From decoded JSON to actions, or to one error that names the field by its dotted path, such as `ncco.0.bargeIn`.

Pydantic finds what is wrong; here it becomes a path as the user wrote it and a sentence, with the field that may have
been meant. `dialer/scripts` reads its own JSON in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Annotated, Any, get_args

from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from dialer.errors import InvalidInput
from dialer.forms import MISFIT, words_for
from dialer.ncco.actions import AnyAction, Ncco
from dialer.ncco.endpoints import Endpoint
from dialer.ncco.fields import Part

Names = Mapping[str, Sequence[str]]
"""The fields that each kind of object has, by its tag (`talk`, `phone`)."""

_NCCO: TypeAdapter[Ncco] = TypeAdapter(Annotated[Ncco, Field(min_length=1)])
_ENDPOINT: TypeAdapter[Endpoint] = TypeAdapter(Endpoint)
_SENTENCES = {
    "missing": "is missing",
    "tuple_type": "must be an array",
    "list_type": "must be an array",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "dict_type": "must be an object",
    "dataclass_type": "must be an object",
}
_UNKNOWN = frozenset({"extra_forbidden", "unexpected_keyword_argument"})
_TAGS = frozenset({"union_tag_invalid", "union_tag_not_found"})


def parse_ncco(value: Any, *, field: str = "ncco") -> Ncco:
    """The actions of a decoded NCCO in either generation's form. Raises InvalidInput that names the field."""
    try:
        return _NCCO.validate_python(value, by_name=False)
    except ValidationError as error:
        raise invalid_input(error, field, _NAMES) from None


def parse_endpoint(value: Any, *, field: str = "endpoint") -> Endpoint:
    """A decoded endpoint. Raises InvalidInput that names the field."""
    try:
        return _ENDPOINT.validate_python(value, by_name=False)
    except ValidationError as error:
        raise invalid_input(error, field, _NAMES) from None


def invalid_input(error: ValidationError, root: str, names: Names) -> InvalidInput:
    """One thing that is wrong, with its dotted path under `root`: an unknown field first, since it is one misspelt."""
    errors = error.errors()
    found = next((each for each in errors if each["type"] in _UNKNOWN), errors[0])
    location = list(found["loc"])
    if found["type"] == "misfit":
        location.append(found["ctx"]["field"])
    elif found["type"] in _TAGS:
        location.append(str(found["ctx"]["discriminator"]).strip("'"))
    path = [str(part) for part in _as_written(location, names)]
    return InvalidInput(_sentence(found, names), field=".".join([root, *path]))


def _as_written(location: Sequence[int | str], names: Names) -> Iterator[int | str]:
    # Pydantic puts the tag of a union's member behind its place, and marks a wrong key of a mapping by a last part.
    before: int | str = 0
    for part in location:
        is_tag = part in names and (isinstance(before, int) or before == "endpoint")
        if not is_tag and part != "[key]":
            yield part
        before = part


def _sentence(found: ErrorDetails, names: Names) -> str:
    kind = found["type"]
    if kind in _UNKNOWN:
        return f"there is no such field{_meant(str(found['loc'][-1]), _siblings(found['loc'], names))}"
    if kind in _TAGS:
        wanted = found["ctx"].get("expected_tags")
        return f"must be one of {wanted}" if wanted else "is missing"
    if kind == "value_error":
        return str(found["ctx"]["error"])
    if kind == MISFIT:
        return words_for(found)
    return _SENTENCES.get(kind, found["msg"])


def _siblings(location: Sequence[int | str], names: Names) -> Sequence[str]:
    return names.get(str(location[-2]), ()) if len(location) > 1 else ()


def _meant(name: str, known: Sequence[str]) -> str:
    if not known:
        return ""
    lower = {each.casefold(): each for each in known}
    near = get_close_matches(name.casefold(), lower)
    return f"; did you mean {lower[near[0]]}?" if near else f"; there are: {', '.join(known)}"


def _fields(model: type[Part]) -> list[str]:
    return [field.serialization_alias or field.alias or name for name, field in model.model_fields.items()]


def _members(union: Any) -> dict[str, list[str]]:
    models = get_args(get_args(union)[0])
    return {tag: _fields(model) for model in models for tag in _tag(model)}


def _tag(model: type[Part]) -> tuple[str, ...]:
    field = model.model_fields.get("action") or model.model_fields["type"]
    return get_args(field.annotation)


_NAMES: Names = _members(AnyAction) | _members(Endpoint)
