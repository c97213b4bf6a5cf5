"""Tells Docker whether the dialer of this container is alive: the API on its port, a worker on that of its metrics.

It runs every few seconds beside whoever places calls to the millisecond, so it loads next to nothing: a socket.
"""

from __future__ import annotations

import os
import socket
import sys

PORTS = ("DIALER_PORT", "DIALER_WORKER_METRICS_PORT")
TIMEOUT_S = 3.0
_REQUEST = b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n"
_LINE_BYTES = 256


def answer(port: int) -> str:
    """The status line of whoever listens on this port, empty where nobody does. Raises OSError for one that is mute."""
    try:
        connection = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S)
    except ConnectionRefusedError:
        return ""
    with connection:
        connection.sendall(_REQUEST)
        return connection.recv(_LINE_BYTES).decode("latin-1").partition("\r\n")[0] or "no answer"


def main() -> int:
    """0 where one listens and says 200, else 1 with what was heard."""
    try:
        asked = filter(None, (int(os.environ.get(name, "0")) for name in PORTS))
        heard = list(filter(None, map(answer, asked)))
    except OSError as error:
        heard = [str(error)]
    print("; ".join(heard) or "nobody listens")  # noqa: T201 - Docker keeps it with the container's health
    return 0 if heard and all(" 200" in line for line in heard) else 1


if __name__ == "__main__":
    sys.exit(main())
