"""What is asked of Prometheus, put together from the contract of each metric.

Gauges of the shared state are read by every API process from the same Redis: their maximum is asked for, never their
sum, and never by instance. Counters, times and gauges of one process are those of the instances chosen. A metric that
has a label of the page's variables (campaign kind, trunk) is narrowed by it. Names that are not there raise KeyError.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dialer.metrics.contract import Contract, Scope
from dialer.metrics.labels import JOB, KIND, TRUNK
from dialer.metrics.table import CONTRACTS

RENAMED = {"job": "exported_job", "instance": "exported_instance"}
"""Prometheus gives these labels to what it scrapes, and renames ours."""
OF_JOB = RENAMED[JOB.name]

_NARROWED = {KIND: 'kind=~"$kind"', TRUNK: 'trunk=~"$trunk"'}
"""The label itself, not its name: an event's kind is another label than a campaign's."""
ALL = "all"
"""The name of the line or bar of everything."""
_SPAN = "[$__rate_interval]"
_SUFFIX = re.compile(r"_(bucket|count|sum)$")


@dataclass(frozen=True, slots=True)
class Query:
    """One expression and the name of its lines; `exemplars` asks for single attempts beside them."""

    expr: str
    legend: str
    exemplars: bool = False


def contract_of(series: str) -> Contract:
    """The contract of the metric that a series (`…_bucket`) belongs to; raises KeyError."""
    return CONTRACTS.get(series) or CONTRACTS[_SUFFIX.sub("", series)]


def chosen(series: str, *where: str) -> str:
    """A series narrowed to what the page's variables choose and to further matchers."""
    contract = contract_of(series)
    matchers = [*where, *(_NARROWED[label] for label in contract.labels if label in _NARROWED)]
    matchers += ['instance=~"$instance"'] if contract.scope is Scope.PROCESS else []
    return f"{series}{{{', '.join(matchers)}}}" if matchers else series


def by(function: str, labels: tuple[str, ...], inner: str) -> str:
    """An aggregation, over everything or by labels."""
    grouped = f" by ({', '.join(labels)})" if labels else ""
    return f"{function}{grouped} ({inner})"


def lines(labels: tuple[str, ...], otherwise: str) -> str:
    """The name of each line: the values of its labels."""
    return " ".join(f"{{{{{label}}}}}" for label in labels) or otherwise


def fleet(gauge: str, *labels: str, where: tuple[str, ...] = ()) -> str:
    """A gauge of the shared state by these labels, summed over its others."""
    known = tuple(label.name for label in contract_of(gauge).labels)
    one = by("max", known, chosen(gauge, *where))
    return one if set(labels) == set(known) else by("sum", labels, one)


def worst(gauge: str, *labels: str, where: tuple[str, ...] = ()) -> str:
    """The largest value of a gauge by these labels."""
    return by("max", labels, chosen(gauge, *where))


def per_second(counter: str, *labels: str, where: tuple[str, ...] = (), span: str = _SPAN) -> str:
    """Increments a second of a counter, summed over the instances chosen."""
    return by("sum", labels, f"rate({chosen(counter, *where)}{span})")


def in_range(counter: str, *labels: str, where: tuple[str, ...] = ()) -> str:
    """Increments of a counter in the time that the page shows."""
    return by("sum", labels, f"increase({chosen(counter, *where)}[$__range])")


def happened(part: str, whole: str, label: str) -> str:
    """Parts that are not 0, and beside them the whole, whose label is ALL: else names of what never happened crowd."""
    return f'{part} > 0 or label_replace({whole}, "{label}", "{ALL}", "", "")'


def budget_rate(gauge: str, *, span: str = "[1m]") -> str:
    """How fast a number of the shared budget grows, by trunk; over one minute, as a limit must not be averaged away."""
    return f"max by (trunk) (rate({chosen(gauge)}{span}))"


def state(gauge: str, *labels: str, legend: str = "") -> Query:
    """A chart's line of a gauge of the shared state."""
    return Query(fleet(gauge, *labels), legend or lines(labels, "fleet"))


def each_minute(counter: str, *labels: str, where: tuple[str, ...] = (), legend: str = "") -> Query:
    """A chart's lines of a counter: increments a minute, by labels and in all."""
    whole = f"60 * {per_second(counter, where=where)}"
    if not labels:
        return Query(whole, legend or ALL)
    return Query(happened(f"60 * {per_second(counter, *labels, where=where)}", whole, labels[0]), lines(labels, ALL))


def each_instance(gauge: str) -> Query:
    """A gauge of a process itself, one line for each instance chosen."""
    return Query(by("max", ("instance",), chosen(gauge)), "{{instance}}")


def quantiles(histogram: str, *percents: int, label: str = "") -> list[Query]:
    """Quantiles of a time over the instances chosen, one line each (and for each value of the label)."""
    labels = ("le", label) if label else ("le",)
    buckets = per_second(f"{histogram}_bucket", *labels)
    # Of what did not happen there is no quantile: NaN, with a name among the lines.
    known, legend = (" >= 0", f" {{{{{label}}}}}") if label else ("", "")
    return [
        Query(f"histogram_quantile({percent / 100:g}, {buckets}){known}", f"p{percent}{legend}", exemplars=True)
        for percent in percents
    ]
