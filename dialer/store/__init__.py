"""Reading and writing campaigns, calls and attempts: the truth of this dialer, in Redis.

`Store` is what API and command line use. What workers do to dial lies beside it in `dialer/dialing.py`; both move calls
only by the scripts in `dialer/lua`.
"""

from __future__ import annotations

from dialer.store.attempts import Applied, AttemptStore, EventResult, Spoken
from dialer.store.calls import CallStore
from dialer.store.conferences import ConferenceStore
from dialer.store.overview import Overview, OverviewStore
from dialer.store.retention import RetentionStore
from dialer.store.rows import RowStore

__all__ = ["Applied", "EventResult", "Overview", "Spoken", "Store"]


class Store(RowStore, ConferenceStore, AttemptStore, CallStore, OverviewStore, RetentionStore):
    """All of the store in one object; each part is a module of its own beside this one."""
