"""What a campaign tells the customer's own system, from body and settings; checked before anything is stored."""

from __future__ import annotations

from dialer.api.schemas import NewCampaign
from dialer.callbacks.events import Callbacks
from dialer.callbacks.sending import check_callback_url
from dialer.errors import InvalidInput
from dialer.settings import Settings, environment_name


def callbacks_of(body: NewCampaign, settings: Settings) -> Callbacks | None:
    """Where and what is told, None for nothing. Raises InvalidInput."""
    url = body.callback_url or settings.callback_url
    events = settings.callback_events if body.callback_events is None else frozenset(body.callback_events)
    if url is None and body.callback_events:
        raise InvalidInput("names no address: give callback_url as well", field="callback_events")
    return _checked(url, events, settings) if url and events else None


def callbacks_of_single_calls(settings: Settings) -> Callbacks | None:
    """The same for calls without a campaign of their own. Raises InvalidInput."""
    url, events = settings.callback_url, settings.callback_events
    return _checked(url, events, settings) if url and events else None


def _checked(url: str, events: frozenset[str], settings: Settings) -> Callbacks:
    check_callback_url(url, settings.callback_origins)
    if settings.callback_secret is None:
        name = environment_name("callback_secret")
        raise InvalidInput(f"needs {name} to be set, for the API and the workers", field="callback_url")
    return Callbacks(url, frozenset(map(str, events)))
