"""The arithmetic of the benchmark, on plain numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from tests.bench.size import rounded


def percentile(values: Sequence[float], part: float) -> float:
    """The smallest value that at least this part (0 to 1) of all is not above; 0 for no values."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)] if ordered else 0.0


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median, 99th percentile and the largest."""
    figures = {"p50": percentile(values, 0.5), "p99": percentile(values, 0.99), "max": max(values, default=0.0)}
    return {name: rounded(value) for name, value in figures.items()}


def gaps(moments: Sequence[float]) -> list[float]:
    """From each moment to the next."""
    return [later - earlier for earlier, later in pairwise(moments)]


def variation(values: Sequence[float]) -> float:
    """Coefficient of variation: standard deviation over mean; 0 is perfectly even, 1 is as random as it gets."""
    if not values:
        return 0.0
    mean = sum(values) / len(values)
    return math.sqrt(sum((value - mean) ** 2 for value in values) / len(values)) / mean


def peak(moments: Sequence[float], window_s: float = 1.0) -> int:
    """The most in any half-open stretch of this length."""
    first = most = 0
    for index, moment in enumerate(moments):
        while moment - moments[first] >= window_s:
            first += 1
        most = max(most, index - first + 1)
    return most


def per_second(moments: Sequence[float]) -> float:
    """How many came per second, from the first to the last."""
    return (len(moments) - 1) / (moments[-1] - moments[0]) if len(moments) > 1 else 0.0


def mean_wait(moments: Sequence[float]) -> float:
    """How long somebody who comes at any time waits for the next of these moments, on average."""
    between = gaps(moments)
    return sum(gap * gap for gap in between) / (2 * sum(between)) if between else 0.0
