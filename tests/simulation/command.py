"""The command: which seeds, about what, with which protection taken out, and what is told of a failure."""

from __future__ import annotations

import logging
import shutil
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click
import structlog

from tests.simulation import world as worlds
from tests.simulation.forks import forked
from tests.simulation.judge import judge
from tests.simulation.mutations import MUTATIONS
from tests.simulation.plan import Plan, draw
from tests.simulation.processes import current
from tests.simulation.redis_wire import MEMORY, RedisMachine
from tests.simulation.themes import THEMES
from tests.simulation.virtual_time import passed_s, real_time

_SHARE = 20
"""So many seeds one process runs."""
_BROKEN = "seed "


class Asked(NamedTuple):
    """How each seed is to be run."""

    folder: Path
    theme: str | None = None
    plan: bool = False
    twice: bool = False
    shrink: bool = True


@click.command()
@click.argument("seeds", nargs=-1, required=True)
@click.option("--log", is_flag=True, help="Tell what the dialer logs.")
@click.option("--plan", is_flag=True, help="Tell each plan.")
@click.option("--theme", type=click.Choice(sorted(THEMES)), help="Let each seed be about this, not what it draws.")
@click.option(
    "--without", multiple=True, type=click.Choice([*MUTATIONS, "each"]), help="Take a protection out, and find it."
)
@click.option("--twice", is_flag=True, help="Run each seed twice, and compare the runs.")
@click.option("--shrink/--no-shrink", default=True, help="Make a failing plan as small as it goes.")
@click.option("--jobs", default=1, show_default=True, help="Processes at the same time.")
def main(  # noqa: PLR0913 - each is an option
    seeds: tuple[str, ...],
    *,
    log: bool,
    plan: bool,
    twice: bool,
    shrink: bool,
    without: tuple[str, ...],
    theme: str | None,
    jobs: int,
) -> None:
    """Run SEEDS: numbers, or ranges such as 0:200."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if log else logging.CRITICAL),
        processors=[_stamp, structlog.dev.ConsoleRenderer(colors=False)],
    )
    logging.disable(logging.CRITICAL)
    wanted = [seed for text in seeds for seed in _range(text)]
    folder = Path(tempfile.mkdtemp(prefix="dialer-sim-", dir=MEMORY))
    try:
        if without:
            names = list(MUTATIONS) if "each" in without else list(without)
            failed = _bite(names, wanted, Asked(folder, theme, plan, shrink=False), jobs)
        else:
            failed = _keep(wanted, Asked(folder, theme, plan, twice, shrink), jobs)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(1 if failed else 0)


# ------------------------------------------------------------ every promise is kept


def _keep(seeds: Sequence[int], asked: Asked, jobs: int) -> int:
    """Run seeds; returns how many broke a promise."""
    failed, done, began = 0, 0, real_time()
    shares = [seeds[at : at + _SHARE] for at in range(0, len(seeds), _SHARE)]
    for share, told in forked(lambda share: _kept(share, asked), shares, jobs):
        done += len(share)
        failed += told.count(_BROKEN)
        click.echo(f"{told}{done} of {len(seeds)} seeds, {failed} broke a promise, {real_time() - began:.0f} s")
        sys.stdout.flush()
    return failed


def _kept(seeds: Sequence[int], asked: Asked) -> str:
    """What is wrong with seeds, in words; nothing if nothing is."""
    machine = RedisMachine(asked.folder)
    worlds.install(machine)
    told = [_seen(draw(seed, asked.theme), machine, asked) for seed in seeds]
    machine.kill()
    return "".join(told)


def _seen(plan: Plan, machine: RedisMachine, asked: Asked) -> str:
    if asked.plan:
        click.echo(plan.told())
    faults = attempt(plan, machine)
    if asked.twice and worlds.run(plan, machine).account() != worlds.run(plan, machine).account():
        faults.append("twice: two runs of this seed differ")
    if not faults:
        return ""
    lines = [f"{_BROKEN}{plan.seed}: " + "\n  ".join(faults)]
    if asked.shrink:
        small, faults = shrunk(plan, machine, faults)
        lines += ["It needs no more than", small.told(), *(f"  {fault}" for fault in faults)]
    return "\n".join(lines) + "\n"


def attempt(plan: Plan, machine: RedisMachine) -> list[str]:
    """What is wrong with a run of a plan."""
    try:
        return judge(worlds.run(plan, machine))
    except Exception:  # noqa: BLE001 - whatever it was is told with its seed
        return [traceback.format_exc()]


def shrunk(plan: Plan, machine: RedisMachine, faults: list[str]) -> tuple[Plan, list[str]]:
    """The smallest plan that still breaks the same promise."""
    kind = _promise(faults[0])
    while True:
        for smaller in plan.smaller():
            left = attempt(smaller, machine)
            if left and _promise(left[0]) == kind:
                plan, faults = smaller, left
                break
        else:
            return plan, faults


# ------------------------------------------------------------ and broken without its protection


def _bite(names: Sequence[str], seeds: Sequence[int], asked: Asked, jobs: int) -> int:
    """Look for a seed that shows each protection gone; returns how many are not missed."""
    began, unseen = real_time(), 0
    for name, found in forked(lambda name: _bitten(name, seeds, asked), names, jobs):
        unseen += not found
        click.echo(f"without {name!r}: {found or 'nothing broke'}")
        sys.stdout.flush()
    click.echo(f"{len(names)} protections taken out, {unseen} not missed, {real_time() - began:.0f} s")
    return unseen


def _bitten(name: str, seeds: Sequence[int], asked: Asked) -> str:
    """The first broken promise that a protection keeps, with its seed; nothing if none broke."""
    mutation = MUTATIONS[name]
    machine = RedisMachine(asked.folder)
    worlds.install(machine)
    mutation.apply()
    for seed in seeds:
        faults = attempt(draw(seed, asked.theme or mutation.theme), machine)
        if asked.plan:
            click.echo(f"{name}: seed {seed}: {faults}")
        for fault in faults:
            if _promise(fault) == mutation.breaks:
                machine.kill()
                return f"seed {seed}: {fault}"
    machine.kill()
    return ""


def _promise(fault: str) -> str:
    return fault.partition(":")[0]


def _range(text: str) -> Iterator[int]:
    first, _, end = text.partition(":")
    yield from range(int(first), int(end) if end else int(first) + 1)


def _stamp(_: Any, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    return {"at": f"{passed_s():.4f}", "who": current().name, **event}
