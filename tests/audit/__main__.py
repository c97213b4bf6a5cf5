"""`python -m tests.audit`: the lock files, licences, a bill of materials in `dist/`, and known faults.

Exit code 1 for a package that is not pinned, has a licence that is not allowed, or a known fault. Where the service of
advisories cannot be reached, that is said, and is no failure: it would stop a release that has nothing to do with it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click

from dialer import __version__
from tests.audit import advisories, licences, locks

_ROOT = Path(__file__).parents[2]
_HERE = Path(sys.executable).parent
_TOOLS, _SHIPPED = (_HERE.parent / name for name in ("audit", "shipped"))
_DIST = _ROOT / "dist"
BILL = _DIST / f"dialer-{__version__}.cdx.json"


def _run(*command: str | Path) -> str:
    path = {"PATH": f"{_HERE}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(  # noqa: S603 - our own tools
        [*map(str, command)], cwd=_ROOT, env=os.environ | path, stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def _installed(place: Path, lock: Path) -> Path:
    """An environment of exactly what stands in a lock file."""
    python = place / "bin" / "python"
    if not python.exists():
        _run("uv", "venv", "--quiet", "--python", sys.executable, place)
    _run("uv", "pip", "sync", "--quiet", "--python", python, "--require-hashes", lock)
    return python


def _look_at_locks() -> list[str]:
    counts = {lock.name: len(locks.pins(lock)) for lock in locks.LOCKS}
    told = ", ".join(f"{count} in {name}" for name, count in counts.items())
    click.echo(f"Pinned by digest: {told}.")
    return []


def _look_at_licences() -> list[str]:
    wrong, looked_at = licences.refused(), len(licences.run_time())
    click.echo(f"Licences: {looked_at} packages run with the dialer, {len(wrong)} under one that is not allowed.")
    return [f"{name} stands under {', '.join(sorted(told))}" for name, told in wrong.items()]


def _write_bill(lock: Path) -> list[str]:
    shipped = _installed(_SHIPPED, lock)
    options = ["--pyproject", "pyproject.toml", "--output-reproducible", "--output-format", "JSON", "-o", str(BILL)]
    _run(_TOOLS / "bin" / "cyclonedx-py", "environment", *options, shipped)
    click.echo(f"Bill of materials: {BILL.relative_to(_ROOT)} (CycloneDX).")
    return []


def _look_at_advisories(lock: Path) -> list[str]:
    advice = advisories.ask(_TOOLS / "bin" / "pip-audit", lock)
    if advice.why_not:
        click.echo(f"Known faults: NOT LOOKED UP, the service of advisories cannot be asked ({advice.why_not}).")
    else:
        click.echo(f"Known faults: {len(advice.faults)} in {advice.looked_at} packages.")
    return [*advice.faults]


def main() -> int:
    """Look at everything, then say what is wrong."""
    _DIST.mkdir(exist_ok=True)
    lock = _DIST / "shipped.lock"
    lock.write_text(_run("deploy/container/choose-packages", ",".join(licences.EXTRAS)), "utf-8")
    _installed(_TOOLS, _ROOT / "requirements-audit.lock")
    looks = (_look_at_locks(), _look_at_licences(), _write_bill(lock), _look_at_advisories(lock))
    wrong = [line for look in looks for line in look]
    click.echo("\n".join(wrong) or "Nothing is wrong.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
