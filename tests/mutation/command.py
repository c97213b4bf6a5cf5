"""The command: which files, how many mutants of each, and what is told of those that live."""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from tests.mutation.lua_mutants import lua_mutants
from tests.mutation.mutants import Mutant
from tests.mutation.python_mutants import python_mutants
from tests.mutation.scores import Score, keep, total
from tests.mutation.survivors import Explained, explained, why
from tests.mutation.targets import targets
from tests.mutation.workshop import Ending, Workshop, open_workshop

_WARM_LIMIT_S = 600.0
_SLACK_S, _SLOWER = 20.0, 4
"""A mutant's run may take that much longer than one without a fault: other programs share the machine."""


@click.command()
@click.option("--only", multiple=True, help="A file, or the beginning of a path: dialer/lua/parts/.")
@click.option("--sample", type=click.IntRange(1), help="At most so many mutants of a file, drawn by --seed.")
@click.option("--seed", default=0, help="Draws another sample.")
@click.option("--keep", "is_kept", is_flag=True, help="Write each file's score down, for docs/proof.md.")
def main(only: Sequence[str], sample: int | None, seed: int, *, is_kept: bool) -> None:
    """Put small faults into the domain and the scripts, one at a time, and tell which of them no test notices."""
    wanted = {path: tests for path, tests in targets().items() if not only or path.startswith(tuple(only))}
    if not wanted:
        raise click.UsageError(f"nothing is mutated in {', '.join(only)}: see tests/mutation/targets.py")
    known = explained()
    scores = []
    with open_workshop() as workshop:
        for path, tests in wanted.items():
            scores.append(_try_file(workshop, path, tests, (sample, seed), known))
            if is_kept:
                keep(scores[-1])
    if len(scores) > 1:
        click.echo("\n".join(map(str, ["", *scores, total("all", scores)])))
    sys.exit(1 if any(score.counts["survived"] for score in scores) else 0)


def _try_file(
    workshop: Workshop, path: str, tests: Sequence[str], drawn: tuple[int | None, int], known: list[Explained]
) -> Score:
    # No module of ours is mutated after the scripts, which come last.
    ending, took_s = workshop.warm(tests, limit_s=_WARM_LIMIT_S, ours=path.endswith(".lua"))
    if ending is not Ending.PASSED:
        raise click.ClickException(f"the tests of {path} do not pass without a fault:\n{workshop.output.read_text()}")
    mutants = mutants_in(path)
    score = Score(path, len(mutants))
    chosen = _sample(mutants, *drawn)
    # No thread draws it: a process with threads is not to be forked.
    with click.progressbar(chosen, label=path, file=sys.stderr, show_pos=True, hidden=not sys.stderr.isatty()) as bar:
        for mutant in bar:
            with workshop.having(mutant):
                ending = workshop.run(tests, limit_s=_SLACK_S + _SLOWER * took_s)
                what = _became(mutant, ending, known, workshop)
            score.counts[what] += 1
            if what == "survived":
                click.echo(f"\nsurvived: {mutant}")
    click.echo(score)
    return score


def mutants_in(path: str) -> list[Mutant]:
    """All mutants of a file."""
    make = lua_mutants if path.endswith(".lua") else python_mutants
    return make(path, Path(path).read_text())


def _sample(mutants: list[Mutant], size: int | None, seed: int) -> list[Mutant]:
    if size is None or size >= len(mutants):
        return mutants
    return random.Random(seed).sample(mutants, size)  # noqa: S311 - chance is to be repeatable


def _became(mutant: Mutant, ending: Ending, known: list[Explained], workshop: Workshop) -> str:
    if ending is not Ending.PASSED:
        return "late" if ending is Ending.LATE else "killed"
    if why(mutant, known):
        return "explained"
    return "mistyped" if mutant.path.endswith(".py") and workshop.is_refused(mutant.path) else "survived"
