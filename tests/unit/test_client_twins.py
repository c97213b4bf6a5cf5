"""The client that waits has what the async one has: the same methods, the same parameters, the same answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, assert_type

import pytest

from dialer.api.answers import CallOut, CallWithAttemptsOut, CampaignOut
from dialer.api.app import ROUTES
from dialer.client import AsyncDialer, Dialer, asynchronous
from dialer.client.blocking import Iterating, Waiting
from dialer.errors import InvalidInput

GROUPS = asynchronous.resources_of(AsyncDialer("http://127.0.0.1:9", "key"))


def _public(kind: type) -> set[str]:
    return {name for name in vars(kind) if not name.startswith("_")}


@pytest.mark.parametrize("group", GROUPS)
def test_both_have_the_same_methods(group: str) -> None:
    """No method is missing in the client that waits, and each is made of the async one of its name."""
    kind = type(GROUPS[group])
    with Dialer("http://127.0.0.1:9", "key") as dialer:
        twin = type(getattr(dialer, group))

    assert _public(kind) == _public(twin)
    made: dict[str, Any] = {name: vars(twin)[name] for name in _public(kind)}
    assert all(isinstance(one, Waiting | Iterating) and one._method is vars(kind)[name] for name, one in made.items())


@pytest.mark.parametrize("group", GROUPS)
def test_every_method_says_what_it_does(group: str) -> None:
    """An editor shows the same sentence for both."""
    kind = type(GROUPS[group])
    with Dialer("http://127.0.0.1:9", "key") as dialer:
        twin = getattr(dialer, group)
        assert all(vars(kind)[name].__doc__ == getattr(twin, name).__doc__ != "" for name in _public(kind))


def test_every_route_of_the_api_is_in_the_client() -> None:
    """Whatever the API can do, the client can: each route's model of an answer, or its download, is asked for there."""
    told = {answer.model for route in ROUTES if not route.public for answer in route.answers.values()}
    others = {"ProbeOut", "Events"}  # of `dialer doctor` alone; told one by one
    names = {model.__name__ for model in told if model is not None} - others
    asked = set[str]()
    for resource in GROUPS.values():
        for method in vars(type(resource)).values():
            asked |= set(getattr(getattr(method, "__code__", None), "co_names", ()))

    assert set() == names - asked


def _checked_by_mypy(dialer: Dialer) -> None:
    assert_type(dialer.campaigns.get("c1"), CampaignOut)
    assert_type(dialer.campaigns.calls("c1", limit=3), Iterator[CallOut])
    assert_type(dialer.calls.get("c1-1"), CallWithAttemptsOut)
    assert_type(dialer.recordings.audio("r1"), Iterator[bytes])
    dialer.campaigns.get(1)  # type: ignore[arg-type] # an id is a text
    dialer.campaigns.start("c1", forse=True)  # type: ignore[call-arg] # and this is misspelt


def test_types_of_the_client_that_waits_are_known() -> None:
    """Types are checked with all others (`make lint`): were they unknown there, it would fail in `_checked_by_mypy`."""
    assert isinstance(_checked_by_mypy, Callable)  # type: ignore[arg-type]


@pytest.mark.parametrize("missing", ["DIALER_URL", "DIALER_API_KEY"])
def test_address_and_key_come_from_the_environment(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without arguments both are read there, and what is missing is named."""
    monkeypatch.setenv("DIALER_URL", "http://127.0.0.1:9/")
    monkeypatch.setenv("DIALER_API_KEY", "key")
    assert "http://127.0.0.1:9" == AsyncDialer().url
    monkeypatch.delenv(missing)
    with pytest.raises(InvalidInput, match=missing):
        AsyncDialer()
