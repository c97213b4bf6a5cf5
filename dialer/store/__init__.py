"""Reading and writing campaigns, calls, attempts and recordings: the truth of this dialer, in Redis.

`Store` is what API and command line use. What workers do to dial lies beside it in `dialer/dialing.py`; both move calls
only by the scripts in `dialer/lua`.
"""

from __future__ import annotations

from dialer.store.access import AccessStore
from dialer.store.attempts import Applied, EventResult, Spoken
from dialer.store.audit import AuditFilter, AuditStore
from dialer.store.changes import ChangesStore
from dialer.store.conferences import ConferenceStore
from dialer.store.copies import CopyStore
from dialer.store.erasing import ErasingStore
from dialer.store.escalations import EscalationStore
from dialer.store.explaining import ExplainStore
from dialer.store.forecasts import ForecastStore
from dialer.store.idling import IdlingStore
from dialer.store.imports import ImportRecord, ImportStep, ImportStore
from dialer.store.migrating import Migrated, MigratingStore
from dialer.store.overview import Overview, OverviewStore, TrunkNow
from dialer.store.recordings import Deleted, Noted, Wanted
from dialer.store.retention import RetentionStore
from dialer.store.seen import SeenStore

__all__ = [
    "Applied",
    "AuditFilter",
    "Deleted",
    "EventResult",
    "ImportRecord",
    "ImportStep",
    "Migrated",
    "Noted",
    "Overview",
    "Spoken",
    "Store",
    "TrunkNow",
    "Wanted",
]


class Store(
    SeenStore,  # first of those that list campaigns
    AccessStore,
    AuditStore,
    ChangesStore,
    CopyStore,
    ConferenceStore,
    ErasingStore,
    EscalationStore,
    ExplainStore,
    ForecastStore,
    IdlingStore,
    ImportStore,
    MigratingStore,
    OverviewStore,
    RetentionStore,
):
    """All of the store in one object; each part is a module of its own beside this one."""
