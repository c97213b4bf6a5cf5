"""`python -m tests.fuzz [--minutes 10] [--only TARGET]`: each target for its share of the time, two at once.

What breaks one is kept in `found/` under the target's name and becomes a test; the exit code is then 1. What reaches
new code is kept in `.fuzz/`, from where the next run goes on.
"""

from __future__ import annotations

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click

from tests.fuzz.seeds import FOUND
from tests.fuzz.targets import LONGEST, TARGETS

_ROOT = Path(__file__).parents[2]
_KEPT = _ROOT / ".fuzz"
_AT_ONCE = 2
_SLOWEST_S = 5
_MOST_MB = 1024


def _feed(name: str, seconds: int) -> tuple[str, bool]:
    """Run a target; what there is to say of it, and whether it held."""
    bounds = {"max_total_time": seconds, "max_len": LONGEST, "timeout": _SLOWEST_S, "rss_limit_mb": _MOST_MB}
    given = bounds | {"artifact_prefix": f"{FOUND}/{name}-", "print_final_stats": 1}
    options = [f"-{option}={value}" for option, value in given.items()]
    command = [sys.executable, "-m", "tests.fuzz.run", name, str(_KEPT / name), *options]
    ended = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603 - ours
    tries = re.findall(r"number_of_executed_units: (\d+)", ended.stderr)
    if ended.returncode == 0 and tries:
        return f"{name}: held for {int(tries[0]):,} tries", True
    return f"{name}: BROKEN ({ended.returncode})\n{_last(ended)}", False


def _last(ended: subprocess.CompletedProcess[str]) -> str:
    """The fault and where it came from, else the last words."""
    found = (ended.stdout + ended.stderr).rpartition("=== Uncaught Python exception: ===")[2]
    return found[:3000] if found else ended.stderr[-1000:]


@click.command()
@click.option("--minutes", default=10.0, help="For all targets together.")
@click.option("--only", type=click.Choice(sorted(TARGETS)), multiple=True, help="These targets.")
def main(minutes: float, only: tuple[str, ...]) -> None:
    """Look for bytes that break what reads bytes of strangers."""
    FOUND.mkdir(exist_ok=True)
    names = only or tuple(TARGETS)
    seconds = max(1, round(minutes * 60 * min(_AT_ONCE, len(names)) / len(names)))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        told = list(pool.map(_feed, names, [seconds] * len(names)))
    for line, _ in told:
        click.echo(line)
    sys.exit(0 if all(held for _, held in told) else 1)


if __name__ == "__main__":
    main()
