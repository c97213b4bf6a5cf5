"""The audit log's entries: who did what, when, and what came of it.

An entry is one JSON text. Each is chained to the one before by a SHA-256 over that one's, its own id and its text, so
that nobody can change, add or remove one unseen (`lua/parts/audit.lua` computes the same as `chained` here). Nothing
personal stands in it: numbers are masked, and of a script there is a digest.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from dialer.clock import moment
from dialer.masking import masked

DIALER = "dialer"
"""The actor of what the dialer decides by itself."""
FIRST_HASH = "0" * 64
"""What stands for the entry before the first."""
_DIGEST_LENGTH = 16


class Action(StrEnum):
    """What can be done. Scripts write those of the dialer itself by these names."""

    CAMPAIGN_CREATED = "campaign.created"
    CAMPAIGN_MADE_AGAIN = "campaign.made_again"
    CAMPAIGN_STARTED = "campaign.started"
    CAMPAIGN_PAUSED = "campaign.paused"
    CAMPAIGN_RESUMED = "campaign.resumed"
    CAMPAIGN_CANCELLED = "campaign.cancelled"
    CAMPAIGN_HUNG_UP = "campaign.hung_up"
    CAMPAIGN_CHANGED = "campaign.changed"
    CAMPAIGN_WINDOWS_CHANGED = "campaign.windows_changed"
    CAMPAIGN_WINDOWS_OVERRIDDEN = "campaign.windows_overridden"
    CAMPAIGN_COMPLETED = "campaign.completed"
    CAMPAIGN_EXPIRED = "campaign.expired"
    CAMPAIGN_DELETED = "campaign.deleted"
    CONFERENCE_OVER = "conference.over"
    ESCALATION_OVER = "escalation.over"
    CALLS_ADDED = "calls.added"
    CALL_ADDED = "call.added"
    CALL_ORDERED = "call.ordered"
    REJECTED_EXPORTED = "calls.rejected_exported"
    RESULTS_EXPORTED = "results.exported"
    CONFERENCE_BEGUN = "conference.begun"
    CONFERENCE_ENDED = "conference.ended"
    MEMBER_ADDED = "conference.member_added"
    MEMBER_MUTED = "conference.member_muted"
    MEMBER_UNMUTED = "conference.member_unmuted"
    MEMBER_DROPPED = "conference.member_dropped"
    MEMBER_CALLED_AGAIN = "conference.member_called_again"
    ESCALATION_BEGUN = "escalation.begun"
    ESCALATION_CONFIRMED = "escalation.confirmed_by_hand"
    ESCALATION_ENDED = "escalation.ended"
    RECORDING_DOWNLOADED = "recording.downloaded"
    RECORDING_DELETED = "recording.deleted"
    CALLBACK_RETRIED = "callback.retried"
    CALLBACK_DROPPED = "callback.dropped"
    SUPPRESSION_ADDED = "suppression.added"
    SUPPRESSION_REMOVED = "suppression.removed"
    SUPPRESSIONS_LISTED = "suppression.listed"
    SUPPRESSIONS_EXPORTED = "suppression.exported"
    SUPPRESSIONS_IMPORTED = "suppression.imported"
    SUPPRESSION_LIST_DROPPED = "suppression.list_dropped"
    NUMBER_FOUND = "number.found"
    NUMBER_ERASED = "number.erased"
    APPLICATION_CREATED = "application.created"
    APPLICATION_CHANGED = "application.changed"
    APPLICATION_DELETED = "application.deleted"
    AUDIT_EXPORTED = "audit.exported"
    KEY_CREATED = "key.created"
    KEY_REVOKED = "key.revoked"
    DATA_RESTORED = "data.restored"


class Outcome(StrEnum):
    """How far an action was when its entry was written."""

    ASKED = "asked"  # before it began; without a later entry of the same request it may have been done or not
    DONE = "done"
    REFUSED = "refused"  # it changed nothing, or not all: `details.problem` says which refusal
    FAILED = "failed"  # it may have been done in part


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry to write.

    Attributes:
        actor: `key:` and the id of an API key, or `dialer`.
        on_behalf_of: whom the client named as the one for whom it acts.
        details: what else is told.

    Whatever looks like a number is masked when it is written, in ids that clients make up too.
    """

    action: Action
    actor: str
    outcome: Outcome
    campaign_id: str | None = None
    request_id: str | None = None
    on_behalf_of: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    def text(self) -> str:
        """The JSON that is stored and chained."""
        told = {name: value for name in _FIELDS if (value := getattr(self, name)) is not None}
        return json.dumps(masked(told | {"details": dict(self.details)}), ensure_ascii=False)


_FIELDS = ("action", "outcome", "actor", "on_behalf_of", "request_id", "campaign_id")


@dataclass(frozen=True, slots=True)
class KeptEntry:
    """An entry as it was stored.

    Attributes:
        id: the moment in ms and a number, as in `1798363800000-0`; ascending.
        hash: the chain's hash at this entry.
    """

    id: str
    text: str
    hash: str

    @property
    def at(self) -> datetime:
        """When it was written, by Redis' clock."""
        return moment(self.id.partition("-")[0])

    def told(self) -> dict[str, Any]:
        """What it says; empty where somebody made it unreadable."""
        try:
            told = json.loads(self.text)
        except ValueError:
            return {}
        return told if isinstance(told, dict) else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of checking the chain.

    Attributes:
        entries: how many were in order.
        trimmed: how many were deleted by age before the oldest that is kept.
        head: the hash of the newest entry; noted elsewhere, it shows later that nothing before it was rewritten.
        broken_at: the id of the first entry that does not fit, None where all do or where the newest are missing.
        fault: what is wrong, in words; None: nothing.
    """

    entries: int
    trimmed: int
    head: str
    broken_at: str | None = None
    fault: str | None = None


def chained(before: str, entry_id: str, text: str) -> str:
    """The hash of an entry behind one with the hash `before`."""
    return sha256(f"{before}\n{entry_id}\n{text}".encode()).hexdigest()


def digest(value: Any) -> str:
    """A short name for a text or script: two that differ have two."""
    return sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:_DIGEST_LENGTH]
