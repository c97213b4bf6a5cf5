"""What a forecast assumes: given figures before seen ones, seen ones before our own, each worth what it is worth."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.dispositions import Disposition
from dialer.forecast import Rates, Seen
from dialer.forecast.rates import PRIOR, spread

ANSWERED, BUSY, NO_ANSWER = Disposition.ANSWERED, Disposition.BUSY, Disposition.NO_ANSWER
DEFAULT = Rates.default(talk_s=20, ringing_timer_s=45)
HALF = Seen(
    counts={ANSWERED: 500, BUSY: 500}, lasted_s={ANSWERED: 20_000.0, BUSY: 2_000.0}, timed={ANSWERED: 500, BUSY: 500},
    talked_s=15_000, talks=500, price=2.5, priced_s=15_000, source="this campaign",
)  # fmt: skip
parts = st.floats(0, 1)


def test_defaults_are_whole() -> None:
    """All ways to end add up, with machines and keys told apart or not."""
    for detects in (False, True):
        for asks in (False, True):
            rates = Rates.default(talk_s=20, ringing_timer_s=45, asks=asks, detects=detects)
            assert 1 == pytest.approx(sum(rates.shares.values()))
            assert (detects, asks) == (Disposition.MACHINE in rates.shares, Disposition.CONFIRMED in rates.shares)
    assert 45 + 2 == DEFAULT.lasts_s[NO_ANSWER]


def test_much_that_was_seen_is_believed() -> None:
    """After a thousand attempts shares, times and the carrier's price are those that were seen."""
    rates = DEFAULT.learned(HALF)

    assert 0.5 == pytest.approx(rates.shares[ANSWERED], abs=0.01)
    assert 40 == pytest.approx(rates.lasts_s[ANSWERED], abs=0.1)
    assert 30 == pytest.approx(rates.talk_s, abs=0.3)
    assert 0.01 == pytest.approx(rates.price_per_minute or 0)
    assert 1000 + PRIOR == rates.evidence
    assert "this campaign" == rates.sources["shares"] == rates.sources["price_per_minute"]


def test_little_that_was_seen_counts_for_little() -> None:
    """One busy call does not make everybody busy."""
    rates = DEFAULT.learned(Seen(counts={BUSY: 1}, source="this campaign"))
    assert 0.1 < rates.shares[BUSY] < 0.2
    assert DEFAULT == DEFAULT.learned(Seen())


def test_what_is_given_goes_before_what_was_seen() -> None:
    """The given share is taken as it is; the others share what is left as they did."""
    rates = DEFAULT.learned(HALF).given({BUSY: 0.8}, talk_s=60, price_per_minute=1.0)
    rest = {d: share for d, share in rates.shares.items() if d is not BUSY}

    assert (0.8, 60, 1.0, math.inf) == (rates.shares[BUSY], rates.talk_s, rates.price_per_minute, rates.evidence)
    assert 0.2 == pytest.approx(sum(rest.values()))
    assert ANSWERED == max(rest, key=lambda ending: rest[ending])
    assert 70 == pytest.approx(rates.lasts_s[ANSWERED], abs=0.5)  # the ten seconds of ringing that were seen


def test_what_is_not_given_or_seen_stays_as_it_was() -> None:
    """Each figure by itself, and where each of them comes from."""
    seen = DEFAULT.learned(Seen(counts={BUSY: 5}, source="this campaign"))
    given = DEFAULT.given({}, ring_s=5)
    told = given.given({BUSY: 1.0}, talk_s=60, price_per_minute=0.6)

    assert {"shares", "ring_s"} == {name for name, source in seen.sources.items() if source == "this campaign"}
    assert (20, None) == (seen.talk_s, seen.price_per_minute)
    assert (5, 25) == (given.ring_s, given.lasts_s[ANSWERED])
    assert (20, DEFAULT.shares, PRIOR) == (given.talk_s, given.shares, given.evidence)
    assert ["ring_s"] == [name for name, source in given.sources.items() if source != DEFAULT.sources[name]]
    assert (5, 65, 0.6) == (told.ring_s, told.lasts_s[ANSWERED], told.price_per_minute)
    assert {given.sources["ring_s"]} == {told.sources[name] for name in ("shares", "talk_s", "price_per_minute")}


def test_only_what_was_seen_of_the_talk_tells_how_long_it_is() -> None:
    """And it says where that was seen."""
    rates = DEFAULT.learned(Seen(counts={ANSWERED: 10}, talked_s=400, talks=10, source="this campaign"))

    assert 30 == pytest.approx(rates.talk_s)
    assert "this campaign" == rates.sources["talk_s"]
    assert "price_per_minute" not in rates.sources


def test_an_attempt_lasts_as_long_as_its_end_takes() -> None:
    """Ringing and talking for who picks up, ringing for who rejects it, the whole timer for nobody, else a moment."""
    picked_up = (ANSWERED, Disposition.CONFIRMED, Disposition.OPTED_OUT, Disposition.MACHINE)

    assert [30] * 4 == [DEFAULT.lasts_s[ending] for ending in picked_up]
    assert (10, 47) == (DEFAULT.lasts_s[Disposition.REJECTED], DEFAULT.lasts_s[NO_ANSWER])
    assert {2} == {DEFAULT.lasts_s[ending] for ending in (BUSY, Disposition.FAILED, Disposition.INVALID_NUMBER)}
    assert 0.5 * 30 + 0.5 * 2 == pytest.approx(DEFAULT.given({ANSWERED: 0.5, BUSY: 0.5}).mean_s)


def test_only_who_picks_up_costs() -> None:
    """By the minute talked; nothing where no price is known."""
    priced = DEFAULT.given({ANSWERED: 0.5, BUSY: 0.5}, price_per_minute=0.6)

    assert 0.2 == pytest.approx(priced.euros(ANSWERED))
    assert 0 == priced.euros(BUSY) == DEFAULT.euros(ANSWERED)
    assert 0.5 == priced.picked_up


def test_talks_are_as_sure_as_they_were_seen_often() -> None:
    """At the edges they are longer and shorter; four times the evidence halves the difference."""
    often = DEFAULT.learned(Seen(counts={ANSWERED: 30}))
    longer, shorter, surer = (rates.leaning(side, (), 100) for rates, side in ((DEFAULT, 1), (DEFAULT, -1), (often, 1)))

    assert longer.talk_s - 20 == pytest.approx(20 - shorter.talk_s) == pytest.approx(2 * (surer.talk_s - 20))
    assert longer.lasts_s[ANSWERED] == pytest.approx(10 + longer.talk_s)
    assert DEFAULT.lasts_s[BUSY] == longer.lasts_s[BUSY]
    assert DEFAULT.shares == longer.shares
    assert 20 == DEFAULT.leaning(0, (), 100).talk_s
    assert 1 < longer.talk_s / 20 < 2


def test_defaults_are_those_of_a_list_of_private_numbers() -> None:
    """A machine takes its part from those who pick up, and four in five of what is left press the key."""
    answered, confirmed, machine = ANSWERED, Disposition.CONFIRMED, Disposition.MACHINE
    both = Rates.default(talk_s=20, ringing_timer_s=45, asks=True, detects=True)
    others = {
        BUSY: 0.10, NO_ANSWER: 0.22, Disposition.REJECTED: 0.04, Disposition.INVALID_NUMBER: 0.02,
        Disposition.FAILED: 0.02,
    }  # fmt: skip

    assert {answered: 0.60} | others == DEFAULT.shares
    assert others | {answered: 0.48 * 0.2, confirmed: 0.48 * 0.8, machine: 0.12} == pytest.approx(both.shares)
    assert (20, PRIOR, None) == (both.talk_s, both.evidence, both.price_per_minute)
    assert {"shares", "ring_s", "talk_s"} == {*both.sources}
    assert both.sources["shares"] == both.sources["ring_s"] != both.sources["talk_s"]


def test_seen_attempts_are_mixed_as_if_ten_had_gone_by_default() -> None:
    """Thirty busy calls of three seconds, and one that a machine took for seven, which nobody foresaw."""
    machine = Disposition.MACHINE
    rates = DEFAULT.learned(
        Seen(counts={BUSY: 29, machine: 1}, lasted_s={BUSY: 60.0, machine: 7.0}, timed={BUSY: 20, machine: 1})
    )

    assert ((29 + 1) / 40, 2.2 / 40, 1 / 40, 6 / 40) == pytest.approx(
        tuple(rates.shares[ending] for ending in (BUSY, NO_ANSWER, machine, ANSWERED))
    )
    assert ((60 + 2) / 21, 47, (7 + 30) / 2, 30) == pytest.approx(
        tuple(rates.lasts_s[ending] for ending in (BUSY, NO_ANSWER, machine, ANSWERED))
    )
    assert (20, 40, None) == (rates.talk_s, rates.evidence, rates.price_per_minute)
    assert DEFAULT.sources["talk_s"] == rates.sources["talk_s"]
    assert "" == rates.sources["shares"], "nobody said where"


def test_price_that_was_seen_is_by_the_minute() -> None:
    """Two euros for ten minutes."""
    assert 0.2 == DEFAULT.learned(Seen(counts={ANSWERED: 1}, price=2.0, priced_s=600.0)).price_per_minute


def test_what_never_happens_is_not_redialed_more_often() -> None:
    """A machine is told apart by nobody: its redials move no edge, and neither do those of all or of nobody."""
    busy = DEFAULT.leaning(1, {BUSY}, 1000)
    everybody, nobody = DEFAULT.leaning(1, {*DEFAULT.shares}, 1000), DEFAULT.leaning(1, (), 1000)

    assert busy.shares == DEFAULT.leaning(1, {BUSY, Disposition.MACHINE}, 1000).shares
    assert DEFAULT.shares == nobody.shares == pytest.approx(everybody.shares, rel=0.002)


def test_edges_move_those_that_are_redialed_together() -> None:
    """A tenth is busy, and a fifth and more does not answer: at the edge all of them in proportion, the others less."""
    redialed, part = (BUSY, NO_ANSWER), 0.32
    edge = part + 1.645 * math.sqrt(part * (1 - part) * (1 / 100 + 1 / 10))
    many, few = (DEFAULT.leaning(side, redialed, 100) for side in (1, -1))

    assert (0.10 / part * edge, 0.22 / part * edge) == pytest.approx((many.shares[BUSY], many.shares[NO_ANSWER]))
    assert 0.6 * (1 - edge) / (1 - part) == pytest.approx(many.shares[ANSWERED])
    assert 2 * part - edge == pytest.approx(few.shares[BUSY] + few.shares[NO_ANSWER])
    assert 20 * (1 + 1.645 * 0.6 / math.sqrt(10)) == pytest.approx(many.talk_s)


def test_edges_stay_between_nothing_and_nearly_all() -> None:
    """One attempt tells as good as nothing: nobody is redialed at best, and nearly everybody at worst."""
    unsure = replace(DEFAULT, evidence=1)
    many, few = (unsure.leaning(side, (BUSY,), 1) for side in (1, -1))
    lucky = replace(DEFAULT.given({BUSY: 0.5, ANSWERED: 0.5}), evidence=1).leaning(1, (BUSY,), 1)

    assert 0.1 + 1.645 * math.sqrt(0.09 * 2) == pytest.approx(many.shares[BUSY])
    assert (0, 0.999) == pytest.approx((few.shares[BUSY], lucky.shares[BUSY]))
    assert 2 == pytest.approx(few.talk_s), "a tenth of it at the least"
    assert 20 * (1 + 1.645 * 0.6) == pytest.approx(many.talk_s)


def test_times_to_ring_are_never_less_than_nothing() -> None:
    """Whoever picked up was said to talk for longer than the attempts that were seen took."""
    rates = DEFAULT.given({}, talk_s=60)
    assert 10 == rates.ring_s
    assert 0 == replace(DEFAULT, talk_s=60).ring_s


def test_given_shares_may_leave_nothing_to_others() -> None:
    """Where nothing else was known they are stretched to the whole; where they are the whole, nothing is left."""
    only = replace(DEFAULT, shares={BUSY: 1.0})

    assert {BUSY: 1.0} == only.given({BUSY: 0.5}).shares
    assert {BUSY: 0.25, ANSWERED: 0.75} == pytest.approx(only.given({BUSY: 0.2, ANSWERED: 0.6}).shares)
    assert {BUSY: 0.0} == only.given({BUSY: 0.0}).shares
    assert {BUSY: 0.2, ANSWERED: 0.8} == pytest.approx(only.given({ANSWERED: 0.8}).shares)
    whole = DEFAULT.given({ANSWERED: 1.0}).shares
    assert (1.0, {0.0}) == (whole[ANSWERED], {share for ending, share in whole.items() if ending is not ANSWERED})


@given(
    shares=st.dictionaries(st.sampled_from([ANSWERED, BUSY, NO_ANSWER]), st.floats(0, 0.33)), side=st.integers(-1, 1),
    redialed=st.sets(st.sampled_from([BUSY, NO_ANSWER, Disposition.REJECTED])), people=st.floats(0, 1e6),
)  # fmt: skip
def test_shares_add_up_whatever_is_given(shares: Any, side: int, redialed: Any, people: float) -> None:
    """Also at the edges of what is likely, where more redials are more and fewer are fewer."""
    rates = DEFAULT.given(shares)
    edge = rates.leaning(side, redialed, people)
    before, after = (sum(r.shares.get(d, 0) for d in redialed) for r in (rates, edge))

    assert 1 == pytest.approx(sum(rates.shares.values())) == pytest.approx(sum(edge.shares.values()))
    assert min(edge.shares.values()) >= 0
    assert (after - before) * side >= -1e-9


def test_edges_hold_nine_of_ten_binomial_draws() -> None:
    """The argument itself: of 1,000 people a fifth is redialed, give or take 1.645 standard deviations."""
    assert 1.645 * math.sqrt(0.2 * 0.8 / 1000) == pytest.approx(spread(0.2, 1000, math.inf))
    assert spread(0.2, 1000, 10) > 5 * spread(0.2, 1000, math.inf)
    assert 0 == spread(0, 10, 10) == spread(1, 10, 10)
