"""KPN's "Nexmo Voice" (Vonage Voice behind KPN's gateway), as a provider.

Without I/O: `answers`, `figures`, `waits`, `outcomes`, `events`, `calls`, `token_answers`, `application_answers`,
`recording_addresses`; what is said to the carrier: `checks`, `dialect`, `placing`, `orders`.
With I/O: `requests` (one HTTP exchange), `shared_token` (Redis) or `own_token`, `token` (the policy), `channel` (paced
requests), `steering`, `applications`, and `recordings`, `client` (the provider).
"""

from dialer.providers.kpn.account import KpnAccount
from dialer.providers.kpn.client import KpnVoice, kpn_from_settings, kpn_without_fleet
from dialer.providers.kpn.dialect import Dialect
from dialer.providers.kpn.events import EventKind, decode_query, parse_event
from dialer.providers.kpn.shared_token import TokenKeys
from dialer.providers.kpn.token import TokenSource
from dialer.providers.kpn.token_answers import names_voice

__all__ = [
    "Dialect",
    "EventKind",
    "KpnAccount",
    "KpnVoice",
    "TokenKeys",
    "TokenSource",
    "decode_query",
    "kpn_from_settings",
    "kpn_without_fleet",
    "names_voice",
    "parse_event",
]
