"""Looking up names that came from outside: private addresses are kept back, except for names that somebody allowed."""

import socket

import pytest

from dialer.public_names import PrivateAddressError, PublicNames, plain_url
from tests.fakes.names import FixedNames


async def test_only_public_addresses_of_a_name_are_used() -> None:
    """Of several addresses the private ones are kept back; with none left there is none."""
    mixed = PublicNames(names=FixedNames("10.0.0.1", "93.184.216.34"))

    assert ["93.184.216.34"] == [each["host"] for each in await mixed.resolve("a.nexmo.com")]
    with pytest.raises(PrivateAddressError, match=r"a\.nexmo\.com has no public address"):
        await PublicNames(names=FixedNames("10.0.0.1")).resolve("a.nexmo.com")
    assert [] == await PublicNames(names=FixedNames()).resolve("a.nexmo.com")


@pytest.mark.parametrize("asked", [("a.nexmo.com",), ("a.nexmo.com", 443), ("a.nexmo.com", 443, socket.AF_INET6)])
async def test_a_name_is_asked_for_as_it_is_wanted(asked: tuple[str, int, socket.AddressFamily]) -> None:
    """Host, port and kind of address are those of the connector."""
    names = FixedNames("93.184.216.34")

    assert await names.resolve(*asked) == await PublicNames(names=names).resolve(*asked)


async def test_exempt_name_may_lead_anywhere() -> None:
    """A name that somebody allowed may be in a private network, and no other."""
    names = FixedNames("10.0.0.1")
    resolver = PublicNames({"stand-in"}, names)

    assert 1 == len(await resolver.resolve("stand-in"))
    with pytest.raises(PrivateAddressError):
        await resolver.resolve("other")
    await resolver.close()
    assert names.closed


def test_an_address_has_a_sane_length() -> None:
    """As long as programs take them, and no longer."""
    longest = f"https://crm.example.com/{'x' * 2024}"

    assert 2048 == len(longest)
    assert longest == str(plain_url(longest))
    with pytest.raises(ValueError, match="plain URL"):
        plain_url(f"{longest}x")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("https://crm.example.com/a b", "is not written as a plain URL"),
        ("https://crm.example.com/a\\b", "is not written as a plain URL"),
        ("https://\u0441rm.example.com/", "is not written as a plain URL"),
        ("https://crm.example.com/\t", "is not written as a plain URL"),
        ("https://crm.example.com:99999/", "is not written as a plain URL"),
        ("https://me@crm.example.com/", "has a user name"),
        ("https://:secret@crm.example.com/", "has a user name"),
        ("https://0X7F000001/", "neither a name nor an address as it is usually written"),
        ("https://2130706433/", "neither a name nor an address as it is usually written"),
    ],
)
def test_an_address_that_is_refused_is_told_why(address: str, words: str) -> None:
    """Whoever gave it can mend it."""
    with pytest.raises(ValueError, match=words):
        plain_url(address)
