"""Under which licences the packages stand that run with the dialer, the optional ones too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import PackageMetadata, distribution, metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ALLOWED = frozenset(
    {"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MPL-2.0", "PSF-2.0", "Unlicense"}
)
"""SPDX ids of what may be used, changed and handed on without opening what it is used in."""
_NAMED = {
    "Apache Software License": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "3-Clause BSD License": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
_MARK = "License :: OSI Approved :: "
EXTRAS = ("otel", "parquet")


def run_time() -> set[str]:
    """The names of all packages that are installed here with the dialer and its extras, for this platform."""
    found: set[str] = set()
    waiting = [(requirement, extra) for extra in ("", *EXTRAS) for requirement in _wants("dialer", extra)]
    while waiting:
        requirement, extra = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name in found or not (requirement.marker is None or requirement.marker.evaluate({"extra": extra})):
            continue
        found.add(name)
        waiting += [(each, more) for more in ("", *requirement.extras) for each in _wants(name, more)]
    return found


def _wants(name: str, extra: str) -> Iterator[Requirement]:
    for text in distribution(name).requires or ():
        wanted = Requirement(text)
        if wanted.marker is None or wanted.marker.evaluate({"extra": extra}):
            yield wanted


def licences_of(name: str) -> set[str]:
    """The SPDX ids of a package's licences, as it says itself; whatever it says where that is none."""
    told = metadata(name)
    expression = told["License-Expression"]
    if expression:
        return {part for part in re.split(r"[\s()]+", expression) if part not in {"", "AND", "OR", "WITH"}}
    return {_NAMED.get(each, each) for each in _as_written(told)}


def _as_written(told: PackageMetadata) -> set[str]:
    marks = {each.removeprefix(_MARK) for each in told.get_all("Classifier") or () if each.startswith(_MARK)}
    return marks or {(told["License"] or "none told").splitlines()[0]}


def refused() -> dict[str, set[str]]:
    """The packages with a licence that is not allowed, with what they say."""
    told = {name: licences_of(name) for name in sorted(run_time())}
    return {name: licences for name, licences in told.items() if not licences <= ALLOWED}
