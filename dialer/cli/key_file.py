"""A file for the private key of an application, reserved before the carrier is asked: it tells the key only once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from dialer.errors import DialerError, InvalidInput
from dialer.processes.folder import write_private


@dataclass(slots=True)
class KeyFile:
    """Where a key goes, or nowhere. `written` says whether one came."""

    path: Path | None
    written: bool = field(default=False, init=False)

    def keep(self, key: str | None) -> None:
        """Write the key, readable by its user only. Raises DialerError when that fails."""
        if self.path is None or key is None:
            return
        try:
            write_private(self.path, f"{key.rstrip()}\n")
        except OSError as error:
            raise DialerError(f"The key could not be kept in {self.path}: {error.strerror}.") from error
        self.written = True


@contextmanager
def reserved(path: Path | None) -> Iterator[KeyFile]:
    """A new file, taken away again where no key came. Raises InvalidInput where it is there already or cannot be."""
    if path is not None:
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except OSError as error:
            message = f"{path} cannot be made ({error.strerror}); nothing was asked of the carrier. Name another file."
            raise InvalidInput(message, field="--private-key-file") from error
    file = KeyFile(path)
    try:
        yield file
    finally:
        if path is not None and not file.written:
            path.unlink(missing_ok=True)
