"""Whole answers of the API of which a test tells only what it is about."""

from __future__ import annotations

from enum import Enum
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError

Model = TypeVar("Model", bound=BaseModel)

_PLAIN: tuple[Any, ...] = (None, 0, "", False, [], {}, "2026-01-02T03:04:05Z")


def filled(model: type[Model], **told: Any) -> Model:
    """An answer with these fields; each of the others has the plainest value that it can have."""
    names = {field.alias or name: field for name, field in model.model_fields.items()}
    rest = {name: _plain(field.annotation) for name, field in names.items() if name not in told}
    return model.model_validate(rest | told)


def _plain(kind: Any) -> object:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return filled(kind)
    if get_origin(kind) is Literal or (isinstance(kind, type) and issubclass(kind, Enum)):
        return next(iter(get_args(kind) or kind))
    adapter = TypeAdapter(kind)
    for value in _PLAIN:
        try:
            return adapter.validate_python(value)
        except ValidationError:
            continue
    raise TypeError(f"no plain value is known for {kind}")
