"""Where the sound lies: a folder or a bucket of S3, by one setting and one library (obstore).

A file appears whole or not at all: what is written goes to a place of its own and takes the file's name when it is
complete. What a killed process left of such a write in a folder is deleted by the next write of the same file; a bucket
needs a rule for that (AbortIncompleteMultipartUpload). Memory stays flat both ways.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import cached_property, partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from dialer.errors import NotFound, StorageUnavailable
from dialer.recordings import folder
from dialer.threads import begin

if TYPE_CHECKING:
    from obstore import AsyncWritableFile
    from obstore.store import ClientConfig, ObjectStore, RetryConfig

PIECE_BYTES = 1024 * 1024
"""What is read at once: each a request of its own, so that a slow listener runs into no time limit."""
_PART_BYTES = 5 * 1024 * 1024  # the least that S3 takes as one part of several
_PARTS_AT_ONCE = 2
_LONGEST_WORDS = 300
_CLIENT: ClientConfig = {"timeout": "60s", "connect_timeout": "5s", "allow_http": True}
"""Plain HTTP happens only where AWS_ENDPOINT_URL says so itself: a server on one's own machine or network."""
_RETRIES: RetryConfig = {"max_retries": 3, "retry_timeout": timedelta(seconds=60)}


class Storage:
    """Files by name. Opened at its first use; every method may raise StorageUnavailable.

    Args:
        url: `file:///folder`, made if it is not there, or `s3://bucket/prefix`.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        parts = urlsplit(url)
        self._root = Path(unquote(parts.path)) if parts.scheme == "file" else None

    def upload(self, name: str) -> Upload:
        """Something to write a file into; use it with `async with`."""
        return Upload(self, name)

    async def read(self, name: str, part: range) -> AsyncIterator[bytes]:
        """These bytes of a file, piece by piece. Raises NotFound."""
        for start in range(part.start, part.stop, PIECE_BYTES):
            length = min(PIECE_BYTES, part.stop - start)
            with self.telling():
                piece = await self._read(name, start, length)
            if len(piece) != length:
                raise StorageUnavailable(f"{name} in {self._url} is shorter than it was when it was stored")
            yield piece

    async def _read(self, name: str, start: int, length: int) -> bytes:
        try:
            return bytes(await obstore.get_range_async(self._opened, name, start=start, length=length))
        except FileNotFoundError as error:
            raise NotFound(f"the storage {self._url} has no file {name} (any more)") from error

    async def delete(self, name: str) -> None:
        """Delete a file and whatever a broken write left of it; one that is not there is no error."""
        with self.telling():
            if self._root:
                await _apart(folder.delete, self._root / name)
            else:
                # Of a file that is not there S3 says nothing; what is not found here is the bucket.
                await obstore.delete_async(self._opened, name)

    async def open_writer(self, name: str) -> AsyncWritableFile:
        """The library's own writer of a file, begun with nothing left of an earlier one that broke."""
        with self.telling():
            if self._root:
                await _apart(folder.forget_broken, self._root / name)
            return obstore.open_writer_async(
                self._opened, name, buffer_size=_PART_BYTES, max_concurrency=_PARTS_AT_ONCE
            )

    async def check(self, name: str, size_bytes: int) -> None:
        """Return when a file that was just written is there, as large as it should be, and outlasts a power cut."""
        with self.telling():
            if self._root:
                await _apart(folder.sync, self._root / name)
            found = (await obstore.head_async(self._opened, name))["size"]
        if found != size_bytes:
            raise StorageUnavailable(f"The storage {self._url} kept {found} of {size_bytes} bytes of {name}")

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Turn what library and system raise into one sentence."""
        try:
            yield
        except (BaseError, OSError, ValueError) as error:
            # The library says what happened, and then how that looks from within.
            words = " ".join(str(error).partition("\n\n")[0].split())[:_LONGEST_WORDS] or type(error).__name__
            raise StorageUnavailable(f"The storage {self._url} fails: {words}") from error

    @cached_property
    def _opened(self) -> ObjectStore:
        if self._root:
            folder.make(self._root)
            return LocalStore(self._root)
        return S3Store.from_url(self._url, client_options=_CLIENT, retry_config=_RETRIES)


async def _apart(work: Callable[[Path], None], path: Path) -> None:
    # A folder in the network may stand still for hours.
    await asyncio.wrap_future(begin(partial(work, path)))


async def first_read(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same pieces, the first of them read already. Raises what reading it raises."""
    first = await anext(pieces)

    async def all_of_them() -> AsyncIterator[bytes]:
        yield first
        async for piece in pieces:
            yield piece

    return all_of_them()


class Upload:
    """One file being written: a `RecordingSink`. Nothing of it is there until `complete` returns."""

    def __init__(self, storage: Storage, name: str) -> None:
        self._storage = storage
        self._name = name
        self._writer: AsyncWritableFile | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._abort()

    async def begin(self) -> None:
        """Start with nothing. Raises StorageUnavailable, like all of them."""
        await self._abort()
        self._writer = await self._storage.open_writer(self._name)

    async def write(self, chunk: bytes) -> None:
        """Take the next bytes."""
        with self._storage.telling():
            await self._begun.write(chunk)

    async def complete(self, size_bytes: int) -> None:
        """Let the file appear, which must have this size."""
        with self._storage.telling():
            await self._begun.close()
        self._writer = None
        await self._storage.check(self._name, size_bytes)

    @property
    def _begun(self) -> AsyncWritableFile:
        if self._writer is None:
            raise RuntimeError("an upload is written before it is begun")
        return self._writer

    async def _abort(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            # The library drops what was written when its block ends by an exception, and knows no other way.
            with suppress(BaseError, OSError):
                await writer.__aexit__(RuntimeError, RuntimeError("given up"), None)
