"""Looking up names that came from outside: private addresses are kept back, except for names that somebody allowed."""

import pytest

from dialer.public_names import PrivateAddressError, PublicNames
from tests.fakes.names import FixedNames


async def test_only_public_addresses_of_a_name_are_used() -> None:
    """Of several addresses the private ones are kept back; with none left there is none."""
    mixed = PublicNames(names=FixedNames("10.0.0.1", "93.184.216.34"))

    assert ["93.184.216.34"] == [each["host"] for each in await mixed.resolve("a.nexmo.com")]
    with pytest.raises(PrivateAddressError):
        await PublicNames(names=FixedNames("10.0.0.1")).resolve("a.nexmo.com")


async def test_exempt_name_may_lead_anywhere() -> None:
    """A name that somebody allowed may be in a private network, and no other."""
    names = FixedNames("10.0.0.1")
    resolver = PublicNames({"stand-in"}, names)

    assert 1 == len(await resolver.resolve("stand-in"))
    with pytest.raises(PrivateAddressError):
        await resolver.resolve("other")
    await resolver.close()
    assert names.closed
