"""What is kept at the carrier: what it grants us, applications, and recordings until we have fetched them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Literal, Protocol

Method = Literal["GET", "POST"]


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where the carrier sends something, and how; as the carrier tells it."""

    url: str
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewApplication:
    """What an application is to be: the same whether it is made or changed."""

    name: str
    answer_url: str
    event_url: str
    answer_method: Method = "GET"
    event_method: Method = "POST"


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """An application as the carrier shows it.

    Attributes:
        id: what `DIALER_CARRIER_APPLICATION_ID` is set to.
        capabilities: `voice`, `messages` and the like.
        private_key: told once, when it is made, if at all; never to be logged. The dialer needs none.
    """

    id: str
    name: str
    answer: Webhook | None = None
    event: Webhook | None = None
    fallback: Webhook | None = None
    capabilities: frozenset[str] = frozenset()
    public_key: str | None = field(default=None, repr=False)
    private_key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What the carrier grants to our credentials, without the token itself.

    Attributes:
        lifetime_s: of a token from now on.
        status: the carrier's word for it, empty where it says none.
        products: the names of what this project may use.
    """

    lifetime_s: float
    status: str
    products: frozenset[str]


class Applications(Protocol):
    """The account's applications. All may raise CarrierError."""

    async def create(self, wanted: NewApplication) -> Application:
        """Make one. Not to be repeated blindly: the carrier takes the same name twice. Raises InvalidInput."""
        ...

    def list_all(self) -> AsyncIterator[Application]:
        """All of them, each once; not to be had where the carrier's sandbox has no list."""
        ...

    async def get(self, application_id: str) -> Application | None:
        """One of them, None if there is none of this id."""
        ...

    async def change(self, application_id: str, wanted: NewApplication) -> Application:
        """Make one what is wanted. Raises NotFound, InvalidInput."""
        ...

    async def delete(self, application_id: str) -> None:
        """Remove one for ever. Raises NotFound."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A recording that was read whole. `sha256` in hexadecimal."""

    size_bytes: int
    sha256: str
    content_type: str


class RecordingSink(Protocol):
    """Where a recording is written to. What it raises is not taken for the carrier's failure."""

    async def begin(self) -> None:
        """Start with nothing: forget what an earlier try wrote. Called once before each try."""
        ...

    async def write(self, chunk: bytes) -> None:
        """Take the next bytes, not more than `recordings.CHUNK_BYTES` at once."""
        ...
