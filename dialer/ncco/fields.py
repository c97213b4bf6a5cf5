"""What the fields of many actions have in common: addresses, numbers, flags, and how strictly they are read.

SDKs write numbers as text (`"loop": "2"`) and KPN's own example writes `"false"`: both are read, and written back as
what they are. Nothing else is bent into shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from dialer.forms import LANGUAGE, SECURE_WEB, WEB

MAX_URL = 2048  # what browsers and proxies agree on

_FLAGS: Mapping[Any, bool] = {"true": True, "false": False}


class Part(BaseModel):
    """A JSON object of the carrier's: camelCase outside, Python's names inside, nothing unknown in it."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=True,
        allow_inf_nan=False,
    )

    def model_post_init(self, _context: Any, /) -> None:
        """A tag is always written, also where the object was made in Python and its tag by default."""
        tags = {name for name in ("action", "type") if isinstance(getattr(self, name, None), str)}
        self.__pydantic_fields_set__.update(tags)


def misfit(field: str, problem: str) -> PydanticCustomError:
    """The error of a field that does not go with the others; `field` as it is written in JSON."""
    return PydanticCustomError("misfit", "{problem}", {"problem": problem, "field": field})


def _read_flag(value: Any) -> Any:
    return _FLAGS.get(value, value) if isinstance(value, str) else value


def _read_number(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        number = float(value)
    except ValueError:
        return value
    return int(number) if number.is_integer() else number


def _read_list(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _check_url(url: str) -> str:
    try:
        host, port = urlsplit(url).hostname, urlsplit(url).port
    except ValueError:
        host = port = None
    if not host or port == 0:
        raise PydanticCustomError("url", "this is no web address")
    return url


def _is_url(form: str) -> Any:
    # Printable ASCII without spaces: what else there is must be percent-encoded, or a header could be broken with it.
    return Field(max_length=MAX_URL, pattern=form)


Url = Annotated[str, _is_url(WEB), AfterValidator(_check_url)]
HttpsUrl = Annotated[str, _is_url(SECURE_WEB), AfterValidator(_check_url)]
OneUrl = tuple[Url]
"""An address as the carrier wants it: in an array, also where there can be only one."""

Flag = Annotated[bool, BeforeValidator(_read_flag), Field(strict=True)]
Whole = Annotated[int, BeforeValidator(_read_number), Field(strict=True)]
Fraction = Annotated[float, BeforeValidator(_read_number), Field(strict=True)]

Level = Annotated[Fraction, Field(ge=-1, le=1)]
Loop = Annotated[Whole, Field(ge=0, le=1_000_000)]  # 0 is endless; no upper bound is known
Language = Annotated[str, Field(pattern=LANGUAGE, max_length=35)]
Style = Annotated[Whole, Field(ge=0, le=99)]  # the carrier's list ends at 24 and grows
Id = Annotated[str, Field(min_length=1, max_length=256)]  # a leg or a conversation; opaque
Behavior = Literal["continue", "hangup"]
Method = Literal["GET", "POST"]
MusicUrl = Annotated[OneUrl, BeforeValidator(_read_list)]
"""Documents show a text, the SDKs and the carrier's own examples an array: both are read, an array is written."""
