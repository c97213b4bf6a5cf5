"""An S3 on loopback, for as long as it takes."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import Request, urlopen

import pytest
from moto.server import ThreadedMotoServer

BUCKET = "recordings"
_KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}


@contextmanager
def open_s3() -> Iterator[str]:
    """Its address, told to whoever reads the environment; it has one empty bucket."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    try:
        with pytest.MonkeyPatch.context() as environment:
            for name, value in (_KEYS | {"AWS_ENDPOINT_URL": url}).items():
                environment.setenv(name, value)
            urlopen(Request(f"{url}/{BUCKET}", method="PUT")).close()  # noqa: S310 - our own server
            yield url
    finally:
        server.stop()
