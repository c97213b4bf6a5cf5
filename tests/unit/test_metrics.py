"""The contract of the metrics: whole, in Prometheus' own terms, and kept by the code."""

from __future__ import annotations

import ast
import math
import re
from collections import defaultdict
from itertools import pairwise, product
from pathlib import Path

import pytest
from prometheus_client import Histogram
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.samples import Sample

from dialer import metrics
from dialer.api.app import ROUTES
from dialer.dialing import Begun
from dialer.metrics.contract import Contract, Label, Scope, one_of
from dialer.metrics.labels import JOBS, OPERATION, RETURNED, TRUNK
from dialer.metrics.table import CONTRACTS, MODULES, begin_at_zero
from jobs.worker import KINDS

ROOT = Path(__file__).parents[2]
VARIABLES = {
    made: name for module in MODULES for name, made in vars(module).items() if isinstance(made, MetricWrapperBase)
}
ALL = pytest.mark.parametrize("contract", CONTRACTS.values(), ids=CONTRACTS)


def users() -> dict[str, set[str]]:
    """Which modules touch which metric, by the name of its variable."""
    found = defaultdict(set)
    for path in [*ROOT.glob("dialer/**/*.py"), *ROOT.glob("jobs/*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "metrics":
                found[node.attr].add(str(path.relative_to(ROOT)))
    return found


USERS = users()


def test_every_metric_has_a_contract() -> None:
    """No metric is made beside the table."""
    assert set(VARIABLES) == {contract.made for contract in CONTRACTS.values()}


@ALL
def test_contract_is_whole(contract: Contract) -> None:
    """Name, type, unit, labels with their values, meaning and place are all told; the meaning is a sentence."""
    assert re.fullmatch(r"dialer(_[a-z]+)+", contract.name)
    assert contract.type in {"counter", "gauge", "histogram"}
    assert contract.unit
    assert contract.meaning.endswith((".", "."))
    assert all(bool(label.values) != bool(label.pattern and label.told) for label in contract.labels)


@ALL
def test_name_tells_type_and_base_unit(contract: Contract) -> None:
    """A counter ends in `_total` and nothing else does; what is a time or a size is in seconds or bytes."""
    assert contract.name.endswith("_total") == (contract.type == "counter")
    assert contract.type != "histogram" or contract.unit == "seconds"
    assert not re.search(r"_(ms|milliseconds|minutes|hours|kb|mb|percent)(_|$)", contract.name)


@ALL
def test_metric_is_counted_in_the_one_place_named(contract: Contract) -> None:
    """The module that the contract names touches the metric, and no other does."""
    assert {contract.counted} == USERS[VARIABLES[contract.made]]


@pytest.mark.parametrize("made", [made for made in VARIABLES if isinstance(made, Histogram)], ids=str)
def test_bounds_are_close_enough_for_a_quantile(made: Histogram) -> None:
    """Each is at most two and a half times the one before, so that a quantile between two is off by as little."""
    *bounds, last = made._upper_bounds

    assert math.isinf(last)
    assert all(1 < above / below <= 2.5 for below, above in pairwise(bounds))


def test_label_takes_its_values_alone() -> None:
    """A closed set takes its members, a pattern what looks like it, and a stray value is told with its metric."""
    colour = one_of("colour", ("red", "green"))
    made = metrics.ORDERS
    contract = Contract(
        name="lamps", type="counter", unit="lamps", labels=(colour, Label("trunk", pattern="[a-z]+")), meaning="",
        counted="", scope=Scope.PROCESS, made=type(made)("lamps", "Lamps.", ["colour", "trunk"], registry=None),
    )  # fmt: skip
    contract.made.labels("red", "main")
    assert [] == contract.strays()
    contract.made.labels("blue", "SOUTH")
    assert ['lamps{colour="blue"}', 'lamps{trunk="SOUTH"}'] == contract.strays()


@ALL
def test_what_may_be_counted_is_there_from_the_start(contract: Contract) -> None:
    """A process shows 0 before the first of anything, for each of its trunks; but not for each operation of the API."""
    begin_at_zero(("main", "south"))
    shown = {tuple(sample.labels[label.name] for label in contract.labels) for sample in _samples(contract)}

    if contract.type != "gauge" and OPERATION not in contract.labels:
        values = [("main", "south") if label is TRUNK else label.values for label in contract.labels]
        assert set(product(*values)) <= shown


def _samples(contract: Contract) -> list[Sample]:
    return [sample for family in contract.made.collect() for sample in family.samples]


def test_operations_are_those_of_the_api() -> None:
    """Every route's name fits the label by which its time is measured."""
    assert [] == [route.name for route in ROUTES if not OPERATION.takes(route.name)]


def test_reasons_to_return_a_token_are_all_answers_of_the_last_look() -> None:
    """Whatever keeps a call from being begun can be counted."""
    reasons = {begun.name.lower() for begun in Begun if begun is not Begun.BEGUN}

    assert {"not_ready"} == set(RETURNED.values) - reasons
    assert set() == reasons - set(RETURNED.values)


def test_jobs_are_those_of_the_worker() -> None:
    """The kinds come first among the jobs, as the label of duties has it."""
    assert list(KINDS) == list(JOBS[: len(KINDS)])
