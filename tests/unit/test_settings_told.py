"""Settings that are shown, or refused, tell no secret."""

from __future__ import annotations

import pytest

from dialer.errors import InvalidInput
from dialer.settings import Settings, load_settings

SETTINGS = {
    "redis_url": "redis://user:unmistakable-in-the-url@127.0.0.1:1/0",
    "api_key": "unmistakable-api-key",
    "webhook_secret": "unmistakable-webhook-secret",
    "erasure_secret": "unmistakable-erasure-secret",
    "carrier_client_secret": "unmistakable-client-secret",
    "signature_secret": "unmistakable-signature-secret",
    "callback_secret": "whsec_dW5taXN0YWthYmxlIHVubWlzdGFrYWJsZSBzZWNyZXQ=",
}


def test_settings_shown_tell_no_secret() -> None:
    """Neither their `repr`, nor that of their address of Redis, nor their JSON."""
    settings = Settings.model_validate(SETTINGS)
    shown = [
        repr(settings),
        str(settings),
        repr(settings.redis_address),
        settings.model_dump_json(exclude={"redis_url"}),
    ]

    assert [] == [text for text in shown if "unmistakable" in text or SETTINGS["callback_secret"] in text]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("redis_url", "http://user:unmistakable@h/0"),
        ("redis_url", "redis://user:unmistakable@h:x/0"),
        ("redis_url", "redis://user:unmistakable@[::1/0"),
        ("redis_url", "redis://user:unmistakable@h/0?a=unmistakable"),
        ("erasure_secret", "unmistakable"),
        ("callback_secret", "unmistakable"),
        ("public_url", "https://h/?token=unmistakable"),
        ("carrier_url", "nonsense-unmistakable"),
    ],
)
def test_a_wrong_setting_is_refused_without_its_value(field: str, value: str) -> None:
    """The error names the variable; its value may be a secret in the wrong place."""
    with pytest.raises(InvalidInput, match=f"DIALER_{field.upper()}") as refused:
        load_settings(**{field: value})

    assert "unmistakable" not in f"{refused.value} {refused.value!r} {refused.value.__cause__!r}"
