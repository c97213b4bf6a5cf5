"""Whether a call in the carrier's list may be that of an attempt whose id was lost: a phone must not ring twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dialer.dispositions import Disposition
from dialer.model import Attempt
from dialer.providers.base import CarrierCall
from dialer.restoring import _may_be

PLACED = datetime(2027, 1, 4, 9, tzinfo=UTC)
SECOND, MS = timedelta(seconds=1), timedelta(milliseconds=1)


def _listed(started_at: datetime | None) -> CarrierCall:
    return CarrierCall(uuid="u1", to="31612345678", from_="31201234567", facts=frozenset(), started_at=started_at)


def _stored(
    disposition: Disposition | None = None, *, uuid: str | None = None, placed_at: datetime | None = PLACED
) -> Attempt:
    return Attempt(
        id="c1-1-1",
        number=1,
        state="unknown",
        placed_at=placed_at,
        uuid=uuid,
        result=None,
        facts=frozenset(),
        disposition=disposition,
        figures={},
    )


@pytest.mark.parametrize(
    ("started_after", "may"),
    [
        (-90 * SECOND - MS, False),
        (-90 * SECOND, True),
        (0 * SECOND, True),
        (180 * SECOND, True),
        (180 * SECOND + MS, False),
    ],
)
@pytest.mark.parametrize("disposition", [None, Disposition.UNDETERMINED])
def test_one_that_is_open_may_be_of_about_its_moment(
    started_after: timedelta, disposition: Disposition | None, *, may: bool
) -> None:
    """From a minute and a half before its request to three minutes after it; nobody knows yet how it ended."""
    assert may is _may_be(_listed(PLACED + started_after), _stored(disposition))


@pytest.mark.parametrize(
    ("disposition", "may"), [(None, True), (Disposition.UNDETERMINED, False), (Disposition.BUSY, False)]
)
def test_a_call_without_a_moment_is_of_one_that_has_not_ended(disposition: Disposition | None, *, may: bool) -> None:
    """Nothing else tells it from others."""
    assert may is _may_be(_listed(None), _stored(disposition))


@pytest.mark.parametrize(
    "stored", [_stored(uuid="u2"), _stored(placed_at=None), _stored(Disposition.BUSY), _stored(Disposition.FAILED)]
)
@pytest.mark.parametrize("started_at", [PLACED, None])
def test_who_has_an_id_was_never_placed_or_has_ended_is_another(stored: Attempt, started_at: datetime | None) -> None:
    """Whatever the moment."""
    assert not _may_be(_listed(started_at), stored)
