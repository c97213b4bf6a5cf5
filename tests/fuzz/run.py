"""`python -m tests.fuzz.run TARGET FOLDER [OPTIONS OF LIBFUZZER]`: one target, until it breaks or its time is over."""

from __future__ import annotations

import sys
from pathlib import Path

import atheris  # type: ignore[import-untyped,import-not-found,unused-ignore]  # `make fuzz` installs it

with atheris.instrument_imports(include=["dialer", "yarl", "jwt"]):
    from tests.fuzz.targets import TARGETS

from tests.fuzz.seeds import name_of, seeds


def main() -> None:
    """Put the seeds into the folder, then feed the target."""
    program, name, folder, *options = sys.argv
    Path(folder).mkdir(parents=True, exist_ok=True)
    for seed in seeds(name):
        Path(folder, name_of(seed)).write_bytes(seed)
    atheris.Setup([program, folder, *options], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
