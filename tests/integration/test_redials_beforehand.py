"""What `redialing.after` says beforehand is what `settle` does on Redis, try by try."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialer import keys
from dialer.dispositions import REDIALABLE, Disposition
from dialer.model import NewCall, Redial
from dialer.redialing import Tried, after
from dialer.states import CallState
from tests.fakes.engine import clean_engine, event
from tests.fakes.virtual_run import FACTS

ENDINGS = [one for one in REDIALABLE if one is not Disposition.MACHINE]
POLICIES = st.dictionaries(
    st.sampled_from([one for one in ENDINGS if one is not Disposition.INVALID_NUMBER]),
    st.builds(
        Redial,
        st.integers(0, 3),
        st.integers(0, 600_000),
        st.integers(100, 300),
        st.integers(600_000, 2_000_000),
        next_number=st.booleans(),
    ),
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    redials=POLICIES,
    numbers=st.integers(1, 3),
    max_tries=st.one_of(st.none(), st.integers(1, 6)),
    endings=st.lists(st.sampled_from(ENDINGS), min_size=1, max_size=10),
)
async def test_what_follows_is_known_beforehand(
    redis_url: str,
    redials: dict[Disposition, Redial],
    numbers: int,
    max_tries: int | None,
    endings: list[Disposition],
) -> None:
    """For any policy and any way in which attempts end: the same number next, after the same wait, or none."""
    async with clean_engine(redis_url) as engine:
        await engine.run_campaign(calls=0, redial=redials, max_tries=max_tries)
        addresses = [f"+3161000000{place}" for place in range(numbers)]
        await engine.store.add_calls("c1", [NewCall(number=addresses[0], others=tuple(addresses[1:]))], import_id="i1")
        tried = Tried(numbers=numbers)
        for number, ending in enumerate(endings, 1):
            dial = await engine.ring(f"n{number}", uuid=f"u{number}")
            assert addresses[tried.place - 1] == dial.number
            await engine.store.apply_event(str(dial.attempt), event("ended", FACTS[ending]))
            tried, wait = after(tried.begun(), ending, redials, max_tries)
            due = await engine.redis.zscore(keys.calls_in("c1", CallState.WAITING), "1")

            assert (None if wait is None else engine.now_ms + wait) == due
            if due is None:
                break
            engine.clock.set_us(int(due * 1000) + 1000)
