"""The secrets that `dialer up` makes when nobody set them, kept in the data folder for its user only."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from dialer.errors import DialerError
from dialer.processes.folder import make_private, write_private

_SECRET_BYTES = 24  # 192 bits: not to be guessed


@dataclass(frozen=True, slots=True)
class Credentials:
    """What API clients send, what signs the tokens in callback URLs, and what erased numbers are hashed under."""

    api_key: str
    webhook_secret: str
    erasure_secret: str


def credentials_path(data_dir: Path) -> Path:
    """Where they are kept."""
    return data_dir / "keys.json"


def load_credentials(data_dir: Path) -> Credentials | None:
    """The ones made before, None if there are none. Raises DialerError when the file is damaged."""
    path = credentials_path(data_dir)
    try:
        kept = json.loads(path.read_text())
        # Keys made before numbers could be erased: there is no hash yet that another secret could have made.
        return Credentials(**{"erasure_secret": ""} | kept)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise DialerError(f"{path} cannot be read ({error}). Mend it, or remove it to have new keys made.") from error


def load_or_make_credentials(data_dir: Path) -> Credentials:
    """The ones made before, or new ones."""
    known = load_credentials(data_dir)
    if known is not None and known.erasure_secret:
        return known
    made = replace(known, erasure_secret=_new_secret()) if known else new_credentials()
    make_private(data_dir)
    write_private(credentials_path(data_dir), json.dumps(asdict(made), indent=2) + "\n")
    return made


def new_credentials() -> Credentials:
    """Ones that nobody had before."""
    return Credentials(api_key=_new_secret(), webhook_secret=_new_secret(), erasure_secret=_new_secret())


def _new_secret() -> str:
    return secrets.token_urlsafe(_SECRET_BYTES)
