"""Whom `connect` calls: a phone, a SIP address or a websocket.

The carrier also knows `app` (users of its client SDK) and `vbc` (extensions of its office telephony). Neither is in
KPN's product (REFERENCE section 3), so they are refused.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AliasChoices, Field, model_validator

from dialer.forms import ONE_LINE, PHONE, SIP, TONES, WEBSOCKET
from dialer.ncco.fields import Part, Url, misfit

Headers = dict[str, Any]


def _one_line_each(headers: Headers) -> Headers:
    for name, value in headers.items():
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name) or not re.fullmatch(ONE_LINE, str(value)):
            raise ValueError(f"{name[:64]!r} is no SIP header: one line each")
    return headers


SipHeaders = Annotated[Headers, AfterValidator(_one_line_each)]
PhoneNumber = Annotated[str, Field(pattern=PHONE), AfterValidator(lambda number: number.removeprefix("+"))]
"""E.164, 7 to 15 digits; the carrier wants it without the plus."""


class OnAnswer(Part):
    """What the called party hears before being joined.

    Attributes:
        url: serves an NCCO for the called party.
        ringback_tone: audio for the caller meanwhile.
    """

    url: Url
    ringback_tone: Url | None = None


class PhoneEndpoint(Part):
    """A phone.

    Attributes:
        dtmf_answer: keys to press when it is answered; `p` waits half a second.
        shaken: STIR/SHAKEN identity, for the United States.
    """

    type: Literal["phone"] = "phone"
    number: PhoneNumber
    dtmf_answer: str | None = Field(None, pattern=TONES)
    on_answer: OnAnswer | None = None
    shaken: str | None = Field(None, max_length=4096, pattern=ONE_LINE)


class StandardHeaders(Part):
    """SIP headers that are sent under their own name, not as `X-...`."""

    user_to_user: str = Field(alias="User-to-User", max_length=512, pattern=ONE_LINE)


class SipEndpoint(Part):
    """A SIP address: a URI, or a user and a domain of the account.

    Attributes:
        headers: sent in the INVITE as `X-name: value`.
    """

    type: Literal["sip"] = "sip"
    uri: str | None = Field(None, pattern=SIP, max_length=255)
    user: str | None = Field(None, min_length=1, max_length=255, pattern=ONE_LINE)
    domain: str | None = Field(None, min_length=1, max_length=255, pattern=ONE_LINE)
    headers: SipHeaders | None = None
    standard_headers: StandardHeaders | None = Field(
        None,
        validation_alias=AliasChoices("standardHeaders", "standard_headers"),
        serialization_alias="standardHeaders",
    )

    @model_validator(mode="after")
    def _has_one_address(self) -> Self:
        if self.uri is None and self.domain is None:
            raise misfit("uri", "a SIP endpoint needs a uri, or a user and a domain")
        if self.uri is not None and (self.domain or self.user) is not None:
            raise misfit("uri", "a SIP endpoint has a uri, or a user and a domain, not both")
        return self


class Authorization(Part):
    """What the websocket request carries in its `Authorization` header."""

    type: Literal["vonage", "custom"]
    value: str | None = Field(None, max_length=4096)


class WebsocketEndpoint(Part):
    """A websocket that hears and speaks.

    Attributes:
        headers: told to the server in its first message.
    """

    type: Literal["websocket"] = "websocket"
    uri: str = Field(pattern=WEBSOCKET, max_length=2048)
    content_type: Literal["audio/l16;rate=8000", "audio/l16;rate=16000", "audio/l16;rate=24000"] | None = Field(
        None, alias="content-type"
    )
    headers: Headers | None = None
    authorization: Authorization | None = None


Endpoint = Annotated[PhoneEndpoint | SipEndpoint | WebsocketEndpoint, Field(discriminator="type")]
