"""From where a recording may be fetched: the carrier's hosts over https, judged by what the request would go to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from dialer.errors import CarrierError
from dialer.providers.kpn.recording_addresses import check_recording_url
from dialer.public_names import is_public

STAND_IN = "http://127.0.0.1:9000"


@pytest.mark.parametrize(
    "address",
    [
        "https://api.nexmo.com/v1/files/aaaa-bbbb",
        "https://api-eu-3.nexmo.com/v1/files/aaaa",
        "https://API.NEXMO.COM/v1/files/aaaa",
        "https://api.nexmo.com:443/v1/files/aaaa",
        "https://media.vonage.com/v1/files/aaaa?x=1",
        "https://vonage.com/x",
    ],
)
def test_the_carriers_hosts_are_asked(address: str) -> None:
    """The carrier's hosts of every region are allowed over https."""
    assert "https" == check_recording_url(address).scheme


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nexmo.com",
        "/v1/files/x",
        "//api.nexmo.com/x",
        "https://",
        "https:///x",
        "http://api.nexmo.com/x",
        "ftp://api.nexmo.com/x",
        "file:///etc/passwd",
        "https://api.nexmo.com:8443/x",
        "https://api.nexmo.com:99999/x",
        "https://api.nexmo.com./x",
        "https://api.nexmo.com../x",
        "https://evil.example/nexmo.com",
        "https://evil.example/?https://api.nexmo.com",
        "https://evil.example#api.nexmo.com",
        "https://nexmo.com.evil.example/x",
        "https://evilnexmo.com/x",
        "https://api.nexmo.com@evil.example/x",
        "https://api.nexmo.com:pass@evil.example/x",
        "https://user@api.nexmo.com/x",
        "https://:pass@api.nexmo.com/x",
        "https://evil.example\\.nexmo.com/x",
        "https://evil.example\\@api.nexmo.com/x",
        "https://evil.example /.nexmo.com",
        "https://evil.example\t.nexmo.com/x",
        "https://evil.example\r\n.nexmo.com/x",
        "https://evil.example%2F.nexmo.com/x",
        "https://evil.example%00.nexmo.com/x",
        "https://n\u0435xmo.com/x",  # a Cyrillic letter
        "https://api.nexmo\u3002com/x",  # a full stop that becomes a dot
        "https://\uff4eexmo.com/x",  # a wide letter that becomes a narrow one
        "https://xn--nxmo-n4d.com/x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://[a]@#.nexmo.com",
        "https://[::ffff:127.0.0.1]/x",
        "https://localhost/nexmo.com",
        "http://127.0.0.1:9001/x",
        "https://127.0.0.1:9000/x",
        "http://127.0.0.1:9000@evil.example/x",
        "http://user@127.0.0.1:9000/x",
        "http://127.0.0.1.evil.example:9000/x",
        "https://api.nexmo.com/" + "x" * 2048,
    ],
)
def test_everything_else_is_not(address: str) -> None:
    """Other hosts, ports and schemes, and whatever different parsers may read differently, are refused for good."""
    with pytest.raises(CarrierError, match="is not asked") as caught:
        check_recording_url(address, {STAND_IN})

    assert not caught.value.retryable


def test_allowed_origin_is_asked() -> None:
    """The stand-in is asked where it is allowed by name, and only there."""
    address = f"{STAND_IN}/files/1"

    assert URL(address) == check_recording_url(address, {STAND_IN})
    with pytest.raises(CarrierError):
        check_recording_url(address)


@given(st.text(max_size=40))
def test_whatever_passes_goes_to_the_carrier(middle: str) -> None:
    """No text between a scheme and the carrier's name leads anywhere else."""
    for address in (f"https://{middle}.nexmo.com/x", f"https://nexmo.com{middle}", f"https://{middle}"):
        try:
            url = check_recording_url(address)
        except CarrierError:
            continue
        assert f".{url.raw_host}".endswith((".nexmo.com", ".vonage.com"))
        assert ("https", 443) == (url.scheme, url.port)


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_public_addresses_are_public(address: str) -> None:
    """Addresses of the internet, of both versions."""
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "0.0.0.0",  # noqa: S104 - not listened on
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1%eth0",
        "fd00::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "2001:0:a00:1::",
        "::127.0.0.1",
        "::ffff:0:10.0.0.1",
        "64:ff9b:1::a00:1",
        "64:ff9b:1:a00:0:100::",
        "fec0::1",
        "3fff::1",
        "5f00::1",
        "168.63.129.16",
        "192.0.0.192",
        "192.88.99.1",
        "",
        "localhost",
    ],
)
def test_private_addresses_are_not(address: str) -> None:
    """Our own machine and networks, the metadata service of a cloud, groups, and what hides in another address."""
    assert not is_public(address)
