"""How late this machine wakes a process that does nothing but sleep, at a given pace.

The sleep is the kernel's own, to absolute moments, so nothing adds up; what is measured is the machine and whoever else
keeps it busy, not any program of ours.
"""

from __future__ import annotations

import time

from tests.bench.children import arguments, tell


def lateness_ms(per_second: float, seconds: float) -> list[float]:
    """How late each of the wake-ups was."""
    late = []
    first = time.monotonic() + 0.05
    for number in range(max(1, round(per_second * seconds))):
        moment = first + number / per_second
        time.sleep(max(0.0, moment - time.monotonic()))
        late.append((time.monotonic() - moment) * 1000)
    return late


if __name__ == "__main__":
    told = arguments()
    tell({"late_ms": lateness_ms(told["per_second"], told["seconds"])})
