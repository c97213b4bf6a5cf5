"""The stand-in's limits: strict in every rolling second."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.simulator.rates import Arrivals, CallGate, RollingWindow


@given(rate=st.integers(1, 5), gaps_ms=st.lists(st.integers(0, 700), max_size=60))
def test_never_more_than_the_rate_in_any_second(rate: int, gaps_ms: list[int]) -> None:
    """Whatever arrives when, no stretch of a second holds more accepted ones than allowed."""
    window, accepted, now_ms = RollingWindow(rate), [], 0
    for gap_ms in gaps_ms:
        now_ms += gap_ms
        if window.admit(now_ms / 1000):
            accepted.append(now_ms)

    assert all(sum(start <= at < start + 1000 for at in accepted) <= rate for start in accepted)


def test_refused_arrivals_take_nothing_from_later_ones() -> None:
    """Only what was accepted counts: knocking all the time does not close the door."""
    window = RollingWindow(3)

    admitted = [window.admit(at_s / 10) for at_s in range(21)]

    assert [0, 1, 2, 10, 11, 12, 20] == [index for index, yes in enumerate(admitted) if yes]


@pytest.mark.parametrize(("rate", "admitted"), [(0.5, [0, 2, 4]), (1.5, [0, 1, 2, 3, 4])])
def test_fractional_rates(rate: float, admitted: list[int]) -> None:
    """Half a call per second is one in two seconds; one and a half are one in any one."""
    window = RollingWindow(rate)

    assert admitted == [at_s for at_s in range(5) if window.admit(at_s)]


def test_spike_arrest_refuses_what_the_window_would_take() -> None:
    """Smoothed, three at once see two refusals."""
    gate = CallGate(3, spike_arrest=True)

    assert [True, False, False, True] == [gate.admit(at_s) for at_s in (0.0, 0.1, 0.2, 0.34)]


@given(moments_ms=st.lists(st.integers(0, 5000), min_size=1, max_size=50).map(sorted))
def test_peak_is_the_same_at_once_and_afterwards(moments_ms: list[int]) -> None:
    """The running peak equals the one counted over all arrivals."""
    arrivals = Arrivals()
    for at_ms in moments_ms:
        arrivals.add(at_ms / 1000)

    assert arrivals.peak == arrivals.peak_in(1.0)
    assert len(moments_ms) == len(arrivals) == arrivals.peak_in(10.0)
