"""The command: which seeds, with which protection taken out, and what is told of a failure."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from typing import Any

import click
import structlog

from tests.simulation import world as worlds
from tests.simulation.judge import judge
from tests.simulation.mutations import MUTATIONS
from tests.simulation.plan import Plan, draw
from tests.simulation.processes import current
from tests.simulation.redis_wire import RedisMachine
from tests.simulation.virtual_time import passed_s, real_time


@click.command()
@click.argument("seeds", nargs=-1, required=True)
@click.option("--log", is_flag=True, help="Tell what the dialer logs.")
@click.option("--plan", is_flag=True, help="Tell each plan.")
@click.option(
    "--without",
    type=click.Choice(sorted(MUTATIONS)),
    help="Take a protection out; stops at the first seed that shows it.",
)
@click.option("--twice", is_flag=True, help="Run each seed twice, and compare the runs.")
@click.option("--shrink/--no-shrink", default=True, help="Make a failing plan as small as it goes.")
def main(  # noqa: PLR0913 - each is an option
    seeds: tuple[str, ...], *, log: bool, plan: bool, twice: bool, shrink: bool, without: str | None
) -> None:
    """Run SEEDS: numbers, or ranges such as 0:200."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if log else logging.CRITICAL),
        processors=[_stamp, structlog.dev.ConsoleRenderer(colors=False)],
    )
    logging.disable(logging.CRITICAL)
    machine = RedisMachine()
    worlds.install(machine)
    if without:
        MUTATIONS[without].apply()
    failed, began = 0, real_time()
    wanted = [seed for text in seeds for seed in _range(text)]
    try:
        for seed in wanted:
            drawn = draw(seed)
            if plan:
                click.echo(drawn.told())
            faults = attempt(drawn, machine)
            if twice and worlds.run(drawn, machine).account() != worlds.run(drawn, machine).account():
                faults.append("twice: two runs of this seed differ")
            if faults:
                failed += 1
                click.echo(f"seed {seed}: " + "\n  ".join(faults))
                sys.stdout.flush()
                if shrink:
                    small, faults = shrunk(drawn, machine, faults)
                    click.echo(small.told() + "\n  " + "\n  ".join(faults))
                if without and faults[0].partition(":")[0] in MUTATIONS[without].breaks:
                    break
    finally:
        machine.close()
    click.echo(f"{len(wanted)} seeds, {failed} broke a promise, {real_time() - began:.1f} s")
    sys.exit(1 if failed else 0)


def attempt(plan: Plan, machine: RedisMachine) -> list[str]:
    """What is wrong with a run of a plan."""
    try:
        return judge(worlds.run(plan, machine))
    except Exception:  # noqa: BLE001 - whatever it was is told with its seed
        return [traceback.format_exc()]


def shrunk(plan: Plan, machine: RedisMachine, faults: list[str]) -> tuple[Plan, list[str]]:
    """The smallest plan that still breaks the same promise."""
    kind = faults[0].partition(":")[0]
    while True:
        for smaller in plan.smaller():
            left = attempt(smaller, machine)
            if left and left[0].partition(":")[0] == kind:
                plan, faults = smaller, left
                break
        else:
            return plan, faults


def _range(text: str) -> range:
    first, _, end = text.partition(":")
    return range(int(first), int(end) if end else int(first) + 1)


def _stamp(_: Any, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    return {"at": f"{passed_s():.4f}", "who": current().name, **event}
