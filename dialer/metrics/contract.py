"""The contract of every metric: name, type, unit, labels with all their values, meaning, and where it is counted.

`counter`, `gauge` and `histogram` make a metric of the Prometheus library and write its contract down beside it. The
table of the documentation is made from these contracts (`tests/unit/test_readme.py`), and tests hold the code to them:
a label has no value but those named here, and a metric is touched by the one module that its contract names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.metrics_core import Metric as Family

disable_created_metrics()  # type: ignore[no-untyped-call] # the library has no annotation there

_UNITS = {"_seconds": "seconds", "_bytes": "bytes", "_ratio": "ratio", "_per_second": "calls per second"}


class Scope(StrEnum):
    """Whose figure it is, and so how the processes' figures make one."""

    PROCESS = "process"  # counted by each process: summed
    FLEET = "fleet"  # the shared state in Redis, told by API processes, by all alike: the maximum


@dataclass(frozen=True, slots=True)
class Label:
    """A label and all the values that it may have.

    Attributes:
        values: all of them, each once; none where `pattern` tells what a value set by configuration looks like.
        told: how the table tells them, where it does not list them.
    """

    name: str
    values: tuple[str, ...] = ()
    pattern: str = ""
    told: str = ""

    def takes(self, value: str) -> bool:
        """Whether the label may have this value."""
        return re.fullmatch(self.pattern, value) is not None if self.pattern else value in self.values


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What is promised of one metric.

    Attributes:
        unit: what 1 of it is; by its name where that tells.
        counted: the one module that counts or sets it, as a path in the repository.
        made: the metric itself.
    """

    name: str
    type: str
    unit: str
    labels: tuple[Label, ...]
    meaning: str
    counted: str
    scope: Scope
    made: MetricWrapperBase

    @property
    def series(self) -> frozenset[str]:
        """The names under which Prometheus keeps it."""
        suffixes = ("_bucket", "_count", "_sum") if self.type == "histogram" else ("",)
        return frozenset(self.name + suffix for suffix in suffixes)

    def strays(self) -> list[str]:
        """What its labels say and may not, as `metric{label="value"}`."""
        used = self.made._metrics if self.labels else ()  # noqa: SLF001 - the library tells it in no other way
        return [
            f'{self.name}{{{label.name}="{value}"}}'
            for values in list(used)
            for label, value in zip(self.labels, values, strict=True)
            if not label.takes(value)
        ]


KEPT: dict[str, Contract] = {}
"""Those of the modules that are imported; `metrics/table.py` has them all."""


def one_of(name: str, values: Iterable[str]) -> Label:
    """A label with a closed set of values."""
    return Label(name, tuple(dict.fromkeys(map(str, values))))


def counter(name: str, meaning: str, *labels: Label, unit: str, counted: str) -> Counter:
    """A number that only grows; `name` ends in `_total`, `unit` says what is counted."""
    made = Counter(name, meaning, [label.name for label in labels])
    return _kept(made, labels, counted, unit=unit)


def gauge(name: str, meaning: str, *labels: Label, counted: str, unit: str = "", scope: Scope = Scope.PROCESS) -> Gauge:
    """A number that rises and falls. One of the fleet is in no registry: see `Shown`."""
    registry = REGISTRY if scope is Scope.PROCESS else None
    made = Gauge(name, meaning, [label.name for label in labels], registry=registry)
    return _kept(made, labels, counted, unit=unit, scope=scope)


def histogram(name: str, meaning: str, *labels: Label, counted: str, buckets: Sequence[float]) -> Histogram:
    """Times in seconds, by their upper bounds.

    The bounds are at most two and a half times apart. Queries use `_bucket` through `rate` and `histogram_quantile`
    alone, which native histograms answer alike, once the library has them.
    """
    made = Histogram(name, meaning, [label.name for label in labels], buckets=buckets)
    return _kept(made, labels, counted)


_Made = TypeVar("_Made", bound=MetricWrapperBase)


def _kept(
    made: _Made, labels: tuple[Label, ...], counted: str, *, unit: str = "", scope: Scope = Scope.PROCESS
) -> _Made:
    (family,) = made.describe()
    name = family.name + ("_total" if family.type == "counter" else "")  # which the library keeps apart
    KEPT[name] = Contract(
        name=name,
        type=family.type,
        unit=unit or next(unit for suffix, unit in _UNITS.items() if name.endswith(suffix)),
        labels=labels,
        meaning=family.documentation,
        counted=counted,
        scope=scope,
        made=made,
    )
    return made


class Shown:
    """What a scrape is answered from: this process' own metrics, and of the shared state what is known at the moment.

    A gauge of the shared state that is not known now is left out: Prometheus then has no value, instead of an old one.
    """

    def __init__(self, known: Iterable[Gauge] = ()) -> None:
        self._known = tuple(known)

    def collect(self) -> Iterator[Family]:
        """As a registry of the library does."""
        yield from REGISTRY.collect()
        for one in self._known:
            yield from one.collect()
