"""What a person sees of a running campaign."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from dialer.api.answers import CampaignOut
from dialer.cli.pace import Pace, Snapshot
from dialer.cli.screens import LiveScreen, PlainScreen, campaign_line, clock_text
from dialer.dispositions import Disposition
from dialer.states import CallState
from tests.fakes.answers import filled


def _view(state: str = "running", **counts: int) -> CampaignOut:
    return filled(
        CampaignOut,
        id="c1",
        name="Harbour",
        state=state,
        reason=None,
        total=sum(counts.values()),
        counts={call_state.value: counts.get(call_state.value, 0) for call_state in CallState},
        dispositions={d.value: 0 for d in Disposition} | {"answered": counts.get("done", 0)},
        attempts=sum(count for name, count in counts.items() if name not in {"waiting", "claimed"}),
    )


def test_rate_is_that_of_the_last_seconds() -> None:
    """The rate counts calls that left the line, over the last ten seconds at most."""
    pace = Pace(3)
    for second in range(31):
        snapshot = pace.look(float(second), _view(waiting=100 - 3 * max(0, second - 15), done=3 * max(0, second - 15)))
    assert 3.0 == snapshot.rate


def test_rate_needs_a_second_to_be_known() -> None:
    """At the beginning no rate is claimed."""
    pace = Pace(3)
    pace.look(0.0, _view(waiting=10))
    assert pace.look(0.5, _view(waiting=8, live=2)).rate is None


def test_time_left_follows_from_the_rate() -> None:
    """What waits, divided by the rate, is the time left to dial."""
    pace = Pace(3)
    pace.look(0.0, _view(waiting=100))
    assert 40.0 == pace.look(10.0, _view(waiting=78, claimed=2, live=20)).left_s


def test_nobody_guesses_the_time_left_of_a_standstill() -> None:
    """Where nothing moves there is no time left to tell."""
    pace = Pace(3)
    pace.look(0.0, _view(waiting=10))
    assert pace.look(5.0, _view(waiting=10)).left_s is None


def test_rate_is_never_below_zero() -> None:
    """A call that goes back to the line for a redial makes no negative rate."""
    pace = Pace(3)
    pace.look(0.0, _view(live=2))
    assert 0.0 == pace.look(5.0, _view(waiting=2)).rate


def test_line_tells_everything_at_a_glance() -> None:
    """A plain line holds time, state, done, rate, states, dispositions and time left."""
    snapshot = Snapshot(_view(waiting=6, live=2, done=4), elapsed_s=65.0, rate=2.94, budget=3.0, left_s=2.0)
    expected = "1:05 running   4/12 done | 2.9 of 3 calls/s | waiting 6, live 2 | answered 4 | about 0:02 to dial"
    assert expected == campaign_line(snapshot)


@pytest.mark.parametrize(("expected", "seconds"), [("0:00", 0.2), ("0:59", 59.4), ("1:00", 59.6), ("2:03:04", 7384)])
def test_time_is_written_as_on_a_clock(expected: str, seconds: float) -> None:
    """Times are minutes and seconds, with hours where there are any."""
    assert expected == clock_text(seconds)


def test_plain_screen_writes_no_escape_codes(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a terminal there are lines and nothing else."""
    with PlainScreen(every_s=0) as screen:
        screen.sending(10, 20, 1, 1.0)
        screen.campaign(Pace(3).look(0.0, _view(waiting=1)))
        screen.say("so be it")
    assert (3, False) == (len((said := capsys.readouterr().out).splitlines()), "\x1b" in said)


def test_plain_screen_is_quiet_between_its_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """Looks that change nothing give no line before it is time for one."""
    with PlainScreen(every_s=3600) as screen:
        for second in range(5):
            screen.campaign(Pace(3).look(float(second), _view(waiting=1)))
    assert 1 == len(capsys.readouterr().out.splitlines())


def test_live_screen_leaves_the_last_picture() -> None:
    """On a terminal the picture with bar, rate, states and dispositions stands at the end."""
    drawn = io.StringIO()
    with LiveScreen(Console(file=drawn, force_terminal=True, width=100)) as screen:
        screen.sending(10, 20, 1, 1.0)
        screen.campaign(Snapshot(_view(waiting=6, done=4), elapsed_s=3.0, rate=2.9, budget=3.0, left_s=2.0))
    said = drawn.getvalue()
    assert [] == [
        word for word in ("Harbour", "4 of 10 done", "2.9 of 3 calls/s", "waiting", "answered") if word not in said
    ]
