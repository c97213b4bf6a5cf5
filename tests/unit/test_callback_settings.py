"""Settings of callbacks to a customer's own system."""

from __future__ import annotations

import pytest

from dialer.callbacks.events import CallbackEvent
from dialer.errors import InvalidInput
from dialer.settings import load_settings
from tests.fakes.receiver import SECRET


@pytest.mark.parametrize("secret", ["c2VjcmV0", "whsec_c2VjcmV0", "whsec_", "whsec_?", SECRET.removeprefix("whsec_")])
def test_weak_or_strange_secret_is_refused(secret: str) -> None:
    """The sentence names the variable and how such a secret is made, and never the secret."""
    with pytest.raises(InvalidInput, match=r"DIALER_CALLBACK_SECRET is not usable: .*openssl rand") as refused:
        load_settings(callback_secret=secret)

    assert f"{secret}." not in str(refused.value).replace("whsec_ and", "")


def test_events_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody knows is refused; without the variable ended calls are told."""
    assert {CallbackEvent.CALL_ENDED} == load_settings().callback_events
    monkeypatch.setenv("DIALER_CALLBACK_EVENTS", "call.ended, campaign.ended")
    assert {CallbackEvent.CALL_ENDED, CallbackEvent.CAMPAIGN_ENDED} == load_settings().callback_events
    monkeypatch.setenv("DIALER_CALLBACK_EVENTS", "call.began")
    with pytest.raises(InvalidInput, match="DIALER_CALLBACK_EVENTS"):
        load_settings()
