"""Known faults of the packages that are shipped, as the public service of advisories tells (osv.dev, by pip-audit)."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

_WITHIN_S = 300


@dataclass(frozen=True, slots=True)
class Advice:
    """What the service told.

    Attributes:
        looked_at: how many packages were looked up; 0 where the service could not be asked.
        faults: a line for each known fault.
        why_not: why nothing was looked up.
    """

    looked_at: int
    faults: tuple[str, ...] = ()
    why_not: str = ""


def ask(program: Path, lock: Path) -> Advice:
    """Look up every package of a lock file."""
    options = ["--requirement", str(lock), "--no-deps", "--disable-pip", "--vulnerability-service", "osv"]
    command = [str(program), *options, "--format", "json", "--progress-spinner", "off"]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=_WITHIN_S, check=False)  # noqa: S603 - our own tool
    except subprocess.TimeoutExpired:
        return Advice(0, why_not=f"no answer within {_WITHIN_S} s")
    return read(ended.stdout, ended.stderr)


def read(told: str, complaints: str) -> Advice:
    """What pip-audit wrote: JSON, or how it failed."""
    try:
        packages = json.loads(told)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return Advice(0, why_not=(complaints.strip().splitlines() or ["it said nothing"])[-1][:200])
    looked_at = [one for one in packages if "skip_reason" not in one]
    faults = (_line(one, fault) for one in looked_at for fault in one["vulns"])
    skipped = "" if looked_at else "the service knows none of the packages"
    return Advice(len(looked_at), tuple(faults), skipped)


def _line(package: dict[str, str], fault: dict[str, list[str] | str]) -> str:
    mended = ", ".join(fault["fix_versions"]) or "none yet"
    return f"{package['name']} {package['version']}: {fault['id']}, mended in {mended}"
