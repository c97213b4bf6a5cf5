"""The one Redis of the fleet: whether it keeps what it was told, and how full it is."""

from __future__ import annotations

from grafana.board import Line, Row
from grafana.panels import Chart, States, Tile, Word
from grafana.queries import Query, each_minute, state, worst
from grafana.shared_panels import REDIS_WORDS, redis_state

REDIS_NOW = Tile(
    title="Redis",
    unit="short",
    queries=[Query(redis_state(), "redis")],
    words=REDIS_WORDS,
    meaning="*Durable*: every write is on its disk before it counts (append-only file, fsync always, last write well).",
    remedy="*Not durable*: a power cut may call people twice; put the settings of deploy/redis back, look at its disk."
    " A server that does not tell its settings (no CONFIG GET) counts as not durable."
    " *Away*: nobody is called. Runbook: deploy/README.md, Redis lost.",
)
_YES_NO = {"0": Word("no", "red"), "1": Word("yes", "green")}

PERSISTENCE = States(
    title="Persistence",
    unit="short",
    queries=[
        Query(worst("dialer_redis_up"), "answers"),
        Query(worst("dialer_redis_aof_enabled"), "append-only file"),
        Query(worst("dialer_redis_aof_always"), "fsync always"),
        Query(worst("dialer_redis_last_write_ok"), "last write well"),
        Query(f"1 - {worst('dialer_redis_evicts')}", "keeps all when full"),
        Query(f"1 - {worst('dialer_data_old')}", "nothing lost"),
    ],
    words=_YES_NO,
    meaning="What must be so for no call to be lost or placed twice when Redis' machine loses power.",
    remedy="Any *no*: put the settings of deploy/redis back. *Last write well*: its disk is full or broken."
    " *Nothing lost*: the data is older than what was seen of it, and nothing is dialed (Backup and restore)."
    " Runbook: deploy/README.md, Redis lost.",
)
MEMORY = Chart(
    title="Memory",
    unit="bytes",
    stacked=False,
    queries=[
        state("dialer_redis_memory_bytes", legend="used"),
        state("dialer_redis_memory_limit_bytes", legend="limit"),
    ],
    meaning="Memory that Redis uses, beside its limit: `maxmemory`, or the memory of its machine.",
    remedy="Near the limit: Redis refuses writes and nobody is called. End old campaigns or raise the limit.",
)
AOF_SIZE = Chart(
    title="Append-only file",
    unit="bytes",
    queries=[state("dialer_redis_aof_size_bytes", legend="size")],
    meaning="Size of the append-only file; Redis rewrites it when it has doubled.",
    remedy="Growing without end: rewriting fails; see Redis' log and the room on its disk.",
)
REPLICAS = Tile(
    title="Replicas",
    unit="short",
    queries=[Query(worst("dialer_redis_connected_replicas"), "replicas")],
    words={"0": Word("none", "blue")},
    steps=((0, "blue"), (1, "green")),
    meaning="Replicas that are connected to Redis.",
    remedy="*None* where you run some: a failover would lose what was not copied; see the replicas' logs.",
)

UNCONFIRMED = Chart(
    title="Changes not confirmed",
    unit="cpm",
    queries=[each_minute("dialer_redis_changes_unconfirmed_total", legend="not confirmed")],
    meaning="Changes a minute that too few replicas confirmed in time: no call went out and no request succeeded by"
    " them. Only where replicas are asked for.",
    remedy="A replica is away or behind; see *Replicas* and their logs. Nobody is called until they are back.",
)

REDIS = Row("Redis", [Line(8, [(7, PERSISTENCE), (5, MEMORY), (4, AOF_SIZE), (5, UNCONFIRMED), (3, REPLICAS)])])
