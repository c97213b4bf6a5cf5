"""What phones do, told or left to chance; and the faults' table."""

from __future__ import annotations

from collections import Counter

import pytest

from dialer.simulator import Faults, Often, Outcome, Phone, PlaceFault, Shares, SimulatorConfig, Turn
from dialer.simulator.phones import chance_turn, ring_s


def test_sentence_is_followed_turn_by_turn() -> None:
    """Each `then` is a further call, and the last turn stays for good."""
    phone = Phone("31612345678").is_busy().then().answers(after_s=2).presses("1").presses("2").hangs_up_after(9)

    last = Turn(after_s=2, keys=("1", "2"), hangs_up_after_s=9)
    assert [Turn(outcome=Outcome.BUSY), last, last] == [phone.turn() for _ in range(3)]


def test_pressing_alone_means_answering() -> None:
    """A phone that presses keys has answered."""
    assert Turn(outcome=Outcome.ANSWERS, keys=("1",)) == Phone("31612345678").presses("1").turn()


def test_shares_come_out_over_many_numbers() -> None:
    """Of a thousand people about as many behave in each way as the shares say."""
    config = SimulatorConfig(shares=Shares(busy=0.2, voicemail=0.3))

    seen = Counter(chance_turn(config, str(31600000000 + index), 1).outcome for index in range(1000))

    assert {Outcome.BUSY, Outcome.VOICEMAIL, Outcome.ANSWERS} == set(seen)
    assert 150 < seen[Outcome.BUSY] < 250
    assert 250 < seen[Outcome.VOICEMAIL] < 350


def test_some_of_those_who_pick_up_press_the_key() -> None:
    """So many of those who answer, and nobody else, press it; always the same ones for a seed."""
    config = SimulatorConfig(pressing=0.5, presses="7", shares=Shares(busy=0.5))
    turns = [chance_turn(config, str(31600000000 + index), 1) for index in range(1000)]
    answered = [turn for turn in turns if turn.outcome is Outcome.ANSWERS]

    assert 0.4 < sum(turn.keys == ("7",) for turn in answered) / len(answered) < 0.6
    assert {()} == {turn.keys for turn in turns if turn.outcome is not Outcome.ANSWERS}
    assert turns == [chance_turn(config, str(31600000000 + index), 1) for index in range(1000)]


def test_ringing_stays_within_its_jitter() -> None:
    """Everybody picks up within the average and its jitter."""
    config = SimulatorConfig(ring_s=6, ring_jitter_s=4)

    times_s = [ring_s(config, "31612345678", nth) for nth in range(200)]

    assert min(times_s) >= 2
    assert max(times_s) <= 10


@pytest.mark.parametrize("shares", [{"busy": 0.6, "no_answer": 0.6}, {"busy": -0.1}])
def test_impossible_shares_are_refused(shares: dict[str, float]) -> None:
    """Shares are parts of one."""
    with pytest.raises(ValueError, match="shares"):
        Shares(**shares)


@pytest.mark.parametrize(("text", "often"), [("0.25", Often(share=0.25)), ("1/20", Often(every=20))])
def test_frequency_is_read_from_text(text: str, often: Often) -> None:
    """A share, or one in so many."""
    assert often == Often.parse(text)


@pytest.mark.parametrize("text", ["2", "-1", "often", "1/x"])
def test_wrong_frequency_is_refused(text: str) -> None:
    """Anything else is an error."""
    with pytest.raises(ValueError, match=r".+"):
        Often.parse(text)


def test_faults_by_share_do_not_depend_on_the_order_of_numbers() -> None:
    """The same numbers meet the same faults, whoever comes first."""
    numbers = [str(31600000000 + index) for index in range(50)]

    def hit(order: list[str]) -> set[str]:
        faults = Faults(3, {PlaceFault.STATUS_503: Often(share=0.3)}, {})
        return {number for number in order if faults.draw_place(number)}

    assert hit(numbers) == hit(numbers[::-1])
    assert 5 < len(hit(numbers)) < 25


def test_awaited_webhook_fault_waits_for_its_status() -> None:
    """A fault asked for one status leaves the others alone, and happens once."""
    faults = Faults(1, {}, {})
    faults.next_webhook("lost", status="busy")

    assert [None, "lost", None] == [faults.draw_webhook("1", status) for status in ("started", "busy", "busy")]
