"""Where callbacks may go."""

from __future__ import annotations

import pytest

from dialer.callbacks.sending import check_callback_url
from dialer.errors import InvalidInput


@pytest.mark.parametrize(
    "address",
    [
        "http://crm.example.com/in", "https://10.0.0.1/in", "https://127.0.0.1/", "https://[::1]/",
        "https://[::ffff:10.0.0.1]/", "https:///in", "http://localhost:9001/in",
        "https://169.254.169.254/latest", "https://me:pw@crm.example.com/", "https://crm.example.com\\@evil/",
        "ftp://a.b/", "in",
        "https://2130706433/", "https://127.1/", "https://0x7f.1/", "https://0x7f000001/", "https://127.0x1/",
        "https://017700000001/", "https://0177.0.0.1/", "https://127.0.0.1./", "https://127.000.000.001/", "https://1/",
        "https://0x/",         "https://%31%32%37.0.0.1/", "https://[::127.0.0.1]/", "https://[64:ff9b::7f00:1]/", "https://[64:ff9b:1::a00:1]/",
        "https://[fe80::1%25eth0]/",
        "https://[a]@", "https://[a]@:1/", "https://168.63.129.16/", "https://[fd00:ec2::254]/", "https://100.100.100.200/",
    ],
)  # fmt: skip
def test_address_that_is_refused(address: str) -> None:
    """No plain HTTP, no private address, nothing that parsers read differently; the field is named."""
    with pytest.raises(InvalidInput) as refused:
        check_callback_url(address, {"http://localhost:9000"})

    assert "callback_url" == refused.value.field


@pytest.mark.parametrize(
    "address",
    [
        "https://crm.example.com/in?key=1",
        "https://93.184.216.34/",
        "https://[2606:4700::1111]/",
        "https://4chan.example/",
        "https://1and1.0x.example/",
        "http://localhost:9000/in",
    ],
)
def test_address_that_is_taken(address: str) -> None:
    """HTTPS to the public internet, and any origin that was allowed by name."""
    assert address == str(check_callback_url(address, {"http://localhost:9000"}))
