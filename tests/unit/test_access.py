"""Roles, what follows from them, and how keys are written."""

from __future__ import annotations

import pytest

from dialer.access import Role, digest_of, granted, id_of, make_key


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
