"""KPN's "Nexmo Voice" (Vonage Voice behind KPN's gateway), as a provider.

Without I/O: `answers`, `figures`, `waits`, `outcomes`, `events`, `calls`, `token_answers`.
With I/O: `requests` (one HTTP exchange), `shared_token` (Redis), `token` (the policy), `client` (the provider).
"""

from dialer.providers.kpn.account import KpnAccount
from dialer.providers.kpn.client import KpnVoice, kpn_from_settings
from dialer.providers.kpn.events import EventKind, decode_query, parse_event
from dialer.providers.kpn.shared_token import TokenKeys
from dialer.providers.kpn.token import TokenSource

__all__ = [
    "EventKind",
    "KpnAccount",
    "KpnVoice",
    "TokenKeys",
    "TokenSource",
    "decode_query",
    "kpn_from_settings",
    "parse_event",
]
