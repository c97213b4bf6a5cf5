"""Threads of their own: what they bring, and that the end of the process waits for none."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
import threading

import pytest

from dialer.threads import begin

_STANDS_STILL = textwrap.dedent("""
    import asyncio, threading
    from dialer.threads import begin

    async def main():
        begin(threading.Event().wait)

    asyncio.run(main())
""")


async def test_what_a_thread_brings_comes_to_whoever_waits() -> None:
    """Its result, or what it raised."""

    def fails() -> None:
        raise ValueError("no")

    assert 7 == await asyncio.wrap_future(begin(lambda: 7))
    with pytest.raises(ValueError, match="no"):
        await asyncio.wrap_future(begin(fails))


async def test_who_gives_up_leaves_the_work_to_itself() -> None:
    """It goes on to its end, whoever else waits for it."""
    goes_on = threading.Event()
    end = begin(lambda: goes_on.wait(timeout=30))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.wrap_future(end), timeout=0.01)
    goes_on.set()

    assert await asyncio.wrap_future(end)


def test_a_process_ends_while_a_thread_stands_still() -> None:
    """For a name server or a disk that does not answer nobody waits in the end."""
    subprocess.run([sys.executable, "-c", _STANDS_STILL], check=True, timeout=30)  # noqa: S603 - our own
