"""Watches of the workers: one that breaks keeps nobody from the others, and is not kept quiet."""

from __future__ import annotations

from typing import Any, cast

import pytest

from jobs.context import Context
from jobs.watching import look_at_all


async def test_one_that_breaks_fails_the_job_behind_the_others() -> None:
    """All others are looked at; then the job fails, which is alarmed about (DialerEscalationsFail)."""
    seen = []

    async def look(one: str, _: Context) -> None:
        seen.append(one)
        if one == "b":
            raise ValueError(one)

    with pytest.raises(ValueError, match="b"):
        await look_at_all(["a", "b", "c"], look, cast("Any", None), broken="escalation.not_watched")

    assert ["a", "b", "c"] == seen


async def test_all_is_well() -> None:
    """Nobody is alarmed about a look that found nothing wrong."""

    async def look(_: str, __: Context) -> None:
        pass

    await look_at_all(["a"], look, cast("Any", None), broken="escalation.not_watched")
