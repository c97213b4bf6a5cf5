"""Roles, what follows from them, and how keys are written."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

import pytest

from dialer.access import ApiKey, Role, digest_of, granted, id_of, is_same, make_key
from dialer.clock import moment

NOW = moment(1_800_000_000_000)


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (Role.READ, {"read"}),
        (Role.OPERATE, {"read", "operate"}),
        (Role.LAUNCH, {"read", "launch"}),
        (Role.ADMIN, {"read", "operate", "launch", "admin"}),
    ],
)
def test_what_follows_from_a_role(role: Role, may: set[str]) -> None:
    """Whoever may do something may look at it; making phones ring follows from no role but admin."""
    assert may == granted([role])


def test_keys_are_unlike_and_tell_their_id() -> None:
    """The id can be read from a key; two keys have nothing in common but their form."""
    one, other = make_key(), make_key()

    assert one.startswith(f"dialer_{id_of(one)}_")
    assert len({id_of(one), id_of(other), None}) == len({one, other, digest_of(one), digest_of(other)}) - 1


def test_a_mistyped_key_is_none() -> None:
    """Any letter that differs is found out by the checksum, without asking anybody."""
    key = make_key()
    mistyped = [f"{key[:place]}{'a' if key[place] != 'a' else 'b'}{key[place + 1 :]}" for place in range(len(key))]

    assert [None] * len(key) == [id_of(each) for each in mistyped]
    assert [None] * 4 == [id_of(each) for each in ("", key[:-1], key + "0", f"{key}\udcff")]


def test_a_key_has_the_length_that_programs_know() -> None:
    """Prefix, id, secret and checksum; all of it is hashed, whatever the header's bytes were."""
    key = make_key()
    prefix, key_id, rest = key.split("_")

    assert ("dialer", 8, 60) == (prefix, len(key_id), len(rest))
    assert sha256(key.encode()).hexdigest() == digest_of(key)
    assert sha256(b"\xff").hexdigest() == digest_of("\udcff")


def test_digests_are_compared_as_a_whole() -> None:
    """The same one is the same; one letter makes another."""
    digest = digest_of("x")

    assert is_same(digest, digest_of("x"))
    assert not is_same(digest, f"{digest[:-1]}{'0' if digest[-1] != '0' else '1'}")


def test_a_key_lapses_at_its_moment() -> None:
    """Then, and not a millisecond before; one without an end never does."""
    key = ApiKey(id="k", name="n", roles=frozenset({Role.READ}), digest="d", created_at=NOW)
    ending = ApiKey(id="k", name="n", roles=key.roles, digest="d", created_at=NOW, expires_at=NOW)

    assert (None, None) == (key.expires_at, key.used_at)
    assert not key.is_lapsed(NOW + timedelta(days=9999))
    assert ending.is_lapsed(NOW)
    assert not ending.is_lapsed(NOW - timedelta(milliseconds=1))
