"""The campaigns that are always there: calls that are enqueued on their own belong to the one of their priority."""

from __future__ import annotations

from dialer.model import Priority

BUILT_IN = {
    Priority.URGENT: "direct-urgent",
    Priority.NORMAL: "direct",
    Priority.BACKGROUND: "direct-background",
}
"""Each is a campaign that never completes."""
