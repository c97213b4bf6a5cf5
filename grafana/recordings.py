"""Recordings: the carrier deletes what is not fetched in time."""

from __future__ import annotations

from grafana.board import Line, Row
from grafana.panels import Chart, Tile, Word
from grafana.queries import Query, each_minute, fleet

_DAY_S = 86_400

OLDEST = Tile(
    title="Oldest not fetched",
    unit="s",
    queries=[Query(fleet("dialer_oldest_unfetched_recording_seconds"), "oldest")],
    words={"0": Word("all fetched", "green")},
    steps=((0, "green"), (_DAY_S, "orange"), (20 * _DAY_S, "red")),
    meaning="Age of the oldest recording that is neither stored nor given up. The carrier deletes it at 30 days.",
    remedy="Above an hour: `dialer recording list --state failed` says why. Above 25 days: make haste."
    " Runbook: deploy/README.md, Recordings not fetched.",
)
RESULTS = Chart(
    title="Recordings by result",
    unit="cpm",
    queries=[each_minute("dialer_recordings_total", "result")],
    meaning="Recordings a minute that the carrier told of, that were stored, whose fetch failed, and so on.",
    remedy="`carrier_failed`: the carrier is slow or refuses its token. `storage_failed`: the disk is full or the"
    " bucket is not to be written. `gone`: lost. Runbook: deploy/README.md, Recordings not fetched.",
)

RECORDINGS = Row("Recordings", [Line(8, [(6, OLDEST), (18, RESULTS)])])
