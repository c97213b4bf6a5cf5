"""What the kernel knows of a process and of this machine: CPU seconds, memory, load, and the cost of a sync to disk."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterable
from pathlib import Path

from dialer.redis.program import choose_program
from tests.bench.arithmetic import spread
from tests.bench.size import Figures, rounded

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_MB = 1024.0  # /proc counts in KiB
_RESET_PEAK = "5"  # proc(5), clear_refs
_SYNCS = 200
_SYNCED = b"x" * 512  # about what a batch of a few commands adds to the append-only file


def cpu_s(pids: Iterable[int]) -> float:
    """CPU seconds that these processes have used so far, all threads, without their children."""
    return sum(_ticks(pid) for pid in pids) / _TICKS_PER_S


def _ticks(pid: int) -> int:
    # The name in parentheses may hold spaces; user and system time are the 12th and 13th field behind it.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def memory_mb(pid: int, *, peak: bool = False) -> float:
    """Resident memory of a process now, or its highest since `forget_peak`."""
    name = "VmHWM:" if peak else "VmRSS:"
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return round(next((int(line.split()[1]) for line in lines if line.startswith(name)), 0) / _MB, 1)


def forget_peak(pid: int) -> None:
    """Let the peak of a process' memory begin at what it holds now."""
    Path(f"/proc/{pid}/clear_refs").write_text(_RESET_PEAK)


def descendants(pid: int) -> list[int]:
    """The processes below one, at any depth."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [below for child in map(int, children) for below in (child, *descendants(child))]


def listen_overflows() -> int:
    """How often this machine refused a connection because a server had not accepted those before it."""
    lines = [line.split() for line in Path("/proc/net/netstat").read_text().splitlines() if line.startswith("TcpExt:")]
    return int(dict(zip(*lines, strict=True))["ListenOverflows"])


def describe(folder: Path) -> Figures:
    """The machine and its programs, as far as the figures depend on them; `folder` is where Redis will write."""
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "redis": str(choose_program(folder).version),
        "load_average_1min": rounded(os.getloadavg()[0]),
        "sync_to_disk_ms": _sync_ms(folder),
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())


def _sync_ms(folder: Path) -> dict[str, float]:
    taken = []
    with (folder / "sync").open("wb", buffering=0) as file:
        for _ in range(_SYNCS):
            started = time.perf_counter()
            file.write(_SYNCED)
            os.fdatasync(file.fileno())
            taken.append((time.perf_counter() - started) * 1000)
    return spread(taken)
