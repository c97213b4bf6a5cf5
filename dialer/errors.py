"""The exceptions of this project: bugs, bad input or a broken dependency. Expected ends are values instead.

DialerError
├── InvalidInput        the user can mend it; names the field
├── NotFound            no such campaign, call or attempt
├── IllegalStep         right request, wrong state
│   └── ImportMoved     somebody else went on with this import
├── ChangedMeanwhile    somebody else changed it since it was read
├── CarrierError        the carrier did not do what was asked (never used for placing: that returns a value)
├── OtherData           the data in Redis is of a release that this program cannot work with
├── NoRoom              the disk of this machine takes nothing more
├── StorageUnavailable  the folder or bucket of recordings does not do what is asked
└── StoreUnavailable    Redis does not answer
    └── NotReplicated   it answers, and too few replicas have what it was told
"""

from __future__ import annotations


class DialerError(Exception):
    """Something this project expects can go wrong; the message says what to do next."""


class InvalidInput(DialerError):
    """A value that somebody gave cannot be taken.

    Attributes:
        field: where it stands, as a dotted path such as `script.text`, or a setting's name.
    """

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class NotFound(DialerError):
    """There is no such thing here (any more)."""


class IllegalStep(DialerError):
    """The thing is in a state from which this step is not allowed."""


class ChangedMeanwhile(DialerError):
    """A campaign was changed since that version of it was read."""

    def __init__(self, campaign_id: str) -> None:
        super().__init__(
            f"the campaign was changed since you read it: read it again (GET /v1/campaigns/{campaign_id}), see whether "
            "your change still fits, and send it with the new ETag"
        )


class ImportMoved(IllegalStep):
    """Somebody else went on with this import meanwhile."""


class CarrierError(DialerError):
    """The carrier refused or failed a request other than placing a call.

    Attributes:
        status: the HTTP status, or None when no answer came.
        retryable: whether the same request may succeed later.
    """

    def __init__(self, message: str, *, status: int | None = None, retryable: bool) -> None:
        super().__init__(message)
        self.status = status
        self.retryable = retryable


class OtherData(DialerError):
    """The data in Redis is of a version that this program cannot read."""


class NoRoom(DialerError):
    """A file that this process needs for a while cannot be written."""


class StorageUnavailable(DialerError):
    """The storage of recordings cannot be written or read now."""


class StoreUnavailable(DialerError):
    """Redis does not answer; nothing was changed as far as we know."""


class NotReplicated(StoreUnavailable):
    """Redis took a change that too few replicas confirmed: a failover could lose it, so nothing may follow from it.

    Attributes:
        wanted: so many replicas must have it.
    """

    def __init__(self, wanted: int) -> None:
        replicas = "1 replica" if wanted == 1 else f"{wanted} replicas"
        super().__init__(
            f"Redis took the change, but {replicas} did not confirm it in time (DIALER_REDIS_REPLICAS_ACKNOWLEDGED): "
            "see that they run and follow; the change is most likely there: repeat it under the same Idempotency-Key "
            "or id, and without one look first"
        )
        self.wanted = wanted
