"""Which data a program works on, and what it says of other data; what the steps between versions make of a hash."""

from __future__ import annotations

import json

import pytest

from dialer.clock import moment
from dialer.errors import OtherData
from dialer.migrations import FIRST_MS, LAST_MS, MIGRATIONS, PACKED_SINCE, mended_calls, mended_campaign
from dialer.processes.heartbeat import process_name
from dialer.schema import NEEDS, UNSTAMPED, WRITES, Stamp, check, is_older, marked, version_of

YEAR_10000_MS = LAST_MS + 5 * 3_600_000
YEAR_0_MS = FIRST_MS - 3_600_000


@pytest.mark.parametrize(
    "stamp",
    [Stamp(4, 4), Stamp(4, 1), Stamp(3, 3), Stamp(3, 1), Stamp(5, 4), Stamp(9, 4)],
)
def test_a_program_reads_its_own_version_and_the_one_before(stamp: Stamp) -> None:
    """And newer data whose writers say that it can: so a release can be rolled back."""
    check(stamp, writes=4, reads=3)


@pytest.mark.parametrize(
    ("stamp", "advice"),
    [(Stamp(5, 5), "Start the newer release again"), (Stamp(2, 1), "Start the release before this one")],
)
def test_other_data_is_refused_with_what_to_do(stamp: Stamp, advice: str) -> None:
    """Data that only newer programs read, and data that is two versions old."""
    with pytest.raises(OtherData, match=advice):
        check(stamp, writes=4, reads=3)


def test_this_program_reads_all_versions_there_ever_were() -> None:
    """Whatever is older than what it writes is data without something newer."""
    for version in range(UNSTAMPED, WRITES + 1):
        check(Stamp(version, 1))


def test_each_version_has_one_step_and_asks_for_no_newer_program() -> None:
    """From the version without a stamp on, without a gap."""
    assert [*range(UNSTAMPED + 1, WRITES + 1)] == [migration.version for migration in MIGRATIONS]
    assert all(migration.needs <= migration.version for migration in MIGRATIONS)


def test_steps_that_were_released_stay_as_they_are() -> None:
    """Data says how far it is by their numbers; the third changes nothing that is there already."""
    told = {"expires_at": str(YEAR_10000_MS), "7t": f'{{"n":1,"x":{YEAR_10000_MS}}}'}
    second, third = MIGRATIONS[:2]

    assert [(2, 1), (3, 3)] == [(step.version, step.needs) for step in (second, third)]
    assert 3 == PACKED_SINCE
    assert ({"expires_at"}, {"7t"}) == ({*second.of_campaign(told)}, {*second.of_calls(told)})
    assert ({}, {}) == (third.of_campaign(told), third.of_calls(told))
    assert all(step.about for step in (second, third))


def test_a_process_tells_its_version_in_its_name() -> None:
    """Those of an earlier release told none."""
    assert WRITES == version_of(process_name())
    assert f"host:12:0a1b2c3d:v{WRITES}" == marked("host:12:0a1b2c3d")
    assert 12 == version_of("host:12:0a1b2c3d:v12")
    assert [1, 1, 1, 1] == [version_of(name) for name in ("host:12:0a1b2c3d", "host:12", "host:v", "host:vv1")]


def test_data_before_there_were_versions_is_of_the_first() -> None:
    """The first program that knew versions read that too; this one needs what the strictest of its steps needs."""
    assert 1 == UNSTAMPED
    assert max(migration.needs for migration in MIGRATIONS) == NEEDS
    check(Stamp(1, 1), writes=1)
    assert [True, False, False] == [is_older(Stamp(WRITES + more, 1)) for more in (-1, 0, 1)]


def test_the_two_versions_that_are_read_are_named() -> None:
    """So that whoever upgrades knows which release to start."""
    with pytest.raises(OtherData, match="reads only 3 to 4"):
        check(Stamp(2, 1), writes=4, reads=3)
    with pytest.raises(OtherData, match="version 5 or newer may read it, and this one is of version 4"):
        check(Stamp(6, 5), writes=4)


@pytest.mark.parametrize(("stored", "mended"), [(YEAR_10000_MS, LAST_MS), (YEAR_0_MS, FIRST_MS)])
def test_moments_without_a_year_become_the_nearest_that_has_one(stored: int, mended: int) -> None:
    """Of campaigns, their windows and single calls; all else of them stays, and a second time changes nothing."""
    windows = {"hours": [[[0, 1], 540, 1200]], "closed": ["2026-12-31"], "not_before": stored}
    campaign = {"name": "Harbour", "expires_at": str(stored), "windows": json.dumps(windows)}
    # As a script writes it: 14 digits.
    bucket = {"7": '["+31612345678"]', "7t": f'{{"n":1,"busy":1,"x":{stored:.14g}}}', "8t": '{"n":1,"x":1800000000000}'}

    changed, calls = mended_campaign(campaign), mended_calls(bucket)

    assert {"expires_at", "windows"} == {*changed}
    assert str(mended) == changed["expires_at"]
    assert windows | {"not_before": mended} == json.loads(changed["windows"])
    assert {"7t": f'{{"n":1,"busy":1,"x":{mended}}}'} == calls
    assert moment(mended)
    assert ({}, {}) == (mended_campaign(campaign | changed), mended_calls(bucket | calls))


def test_what_can_be_told_is_left_alone() -> None:
    """Also where there is nothing of the kind."""
    fine = {"name": "Harbour", "expires_at": "1800000000000", "windows": '{"not_before": 1800000000000}'}

    assert ({}, {}) == (mended_campaign(fine), mended_campaign({"name": "Harbour"}))
    assert {} == mended_calls({"7": '["+31612345678",null,{"x":"x"}]', "7t": '{"n":3}'})
