"""A name server's stand-in within a real process: put this folder on its PYTHONPATH, and Python reads it at its start.

Names under `.dialer.test` lead to this machine, but for those that the file `DIALER_TEST_NAMES` tells otherwise of, a
line each: `name gone` is answered at once as a name server out of reach is in the end, `name silent` only after as long
as the C library asks in vain.
"""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path
from typing import Any

_OURS = ".dialer.test"
_IN_VAIN_S = 10.0  # resolv.conf(5): two tries of five seconds
_POLL_S = 0.05
_FILE = Path(os.environ["DIALER_TEST_NAMES"])
_system = socket.getaddrinfo


def _found(host: Any, *arguments: Any, **options: Any) -> Any:
    if not (isinstance(host, str) and host.endswith(_OURS)):
        return _system(host, *arguments, **options)
    give_up_at = time.monotonic() + _IN_VAIN_S
    while (how := _told(host)) == "silent" and time.monotonic() < give_up_at:
        time.sleep(_POLL_S)
    if how:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    return _system("127.0.0.1", *arguments, **options)


def _told(host: str) -> str:
    return dict(line.split() for line in _FILE.read_text().splitlines()).get(host, "")


socket.getaddrinfo = _found
