"""Every Redis key: its name, type, content and end.

All keys carry the one hash tag `{dialer}`, because a script touches a trunk's budget and a campaign's calls in one
step. Ids in the examples are shortened. Nothing here lives without an owner: what does not expire is deleted with its
campaign (`store/retention.py`).

| key after `{dialer}:` | type | content | ends |
| --- | --- | --- | --- |
| `campaigns` | zset | campaign id, score: created (ms) | with the campaign |
| `campaign:c5hk` | hash | the campaign's fields, see `store/campaigns.py` | with the campaign |
| `campaign:c5hk:waiting` | zset | call's running number, score: due (ms) | empties |
| `campaign:c5hk:claimed` | zset | running number, score: due (ms), kept for a return | empties |
| `campaign:c5hk:placing`, `:unknown`, `:live` | zset | running number, score: since (ms) | empties |
| `campaign:c5hk:done:busy` | zset | running number, score: ended (ms) | with the campaign |
| `campaign:c5hk:held` | zset | running number of a call held back, score: why and until when (`holding.py`) | empties |
| `campaign:c5hk:texts` | hash | version of a script that was changed: the script, JSON | with the campaign |
| `campaign:c5hk:calls:20` | hash | `1042`: a call's record, `1042t`: its tries, both JSON | with the campaign |
| `campaign:c5hk:known:77` | hash | digest of own id or number: running number; slots (`known.py`) | with the campaign |
| `campaign:direct:known:20780` | hash | the same of the single calls of one day (since 1970) | two days |
| `campaign:c5hk:zones` | hash | cohort (`cohorts.py`): its number in this campaign | with the campaign |
| `campaign:c5hk:cohorts` | string | cohort less 1, two bytes a call; none where all are one | with the campaign |
| `campaign:c5hk:hang_up` | zset | number to hang up, with `?` unless answered, score: from when (ms) | empties |
| `campaign:c5hk:imports` | zset | import id, score: lease (ms) | lapses |
| `campaign:c5hk:origins` | zset | traced request that brought calls, score: first of them | with the campaign |
| `campaign:c5hk:lists` | zset | named import, score: begun (ms) | with the campaign |
| `campaign:c5hk:import:5f1c` | hash | how far a named import is (`store/imports.py`) | with the campaign |
| `campaign:c5hk:import:5f1c:rejected` | list | a batch's rejected rows, JSON | an erasure; with the campaign |
| `rejected` | zset | `c5hk/5f1c`: its rejected rows are kept, score: since (ms) | an erasure; with the campaign |
| `campaign:c5hk:again` | hash | whose calls it is made from, and how far (`store/copies.py`) | with the campaign |
| `campaign:c5hk:escalation` | hash | plan, begun steps, by hand, call (`store/escalations.py`) | with the campaign |
| `campaign:c5hk:forecast` | string | when it is expected to be done, and the whole forecast (JSON) | a minute |
| `campaign:c5hk:forecast:claim` | string | one process makes the next forecast | ten seconds |
| `copying` | zset | campaign that is made from another's calls, score: when to go on, or the lease (ms) | empties |
| `campaign:c5hk:recordings` | zset | recording id, score: told (ms) | empties with its recordings |
| `attempt:c5hk-1042-1` | hash | one attempt: facts, figures, events, ids of its recordings | when it has ended |
| `campaign:c5hk:attempts:20` | hash | `1042-1`: an attempt that has ended, packed | with the campaign |
| `recording:rq4x` | hash | one recording (`store/recordings.py`) or its mark | by age; its mark 31 days later |
| `recordings` | zset | recording id, score: told (ms) | empties with its recordings |
| `recordings:due` | zset | recording to fetch or whose file to delete, score: when, or its lease (ms) | empties |
| `recordings:unfetched` | zset | recording neither stored nor gone, score: told (ms) | empties |
| `leases` | zset | call id, score: deadline (ms) of a claimed, placing, unknown or live call | empties |
| `doubtful` | zset | call id given up although its phone may be up, score: until when at the latest (ms) | empties |
| `undetermined` | zset | call id that ended so and waits for a person, score: since (ms) | a day later, or settled |
| `ready:urgent`, `:normal`, `:background` | zset | running campaign with due calls, score: virtual time | empties |
| `ready:south:urgent` and so on | zset | the same of the trunk `south`; one of several stands in each | empties |
| `sleeping` | zset | running campaign, score: when its next call is due (ms) | empties |
| `expiring` | zset | campaign, score: its end (ms) | its end |
| `expiring:calls` | zset | call id, score: when it is too late for this call (ms) | at that moment |
| `callbacks:told` | list | what customers' systems are to be told, not sorted by receiver yet | empties |
| `callbacks` | hash | callback id: the message and how its delivery went, JSON | delivered, dropped, 30 days dead |
| `callbacks:to:9f8e` | zset | callback id for one receiver, score: when it is sent (ms) | empties |
| `callbacks:due` | zset | receiver, score: when to look at its callbacks, or the lease (ms) | empties |
| `callbacks:pending` | zset | callback id neither delivered nor dead, score: of its event (ms) | empties |
| `callbacks:dead` | zset | callback id given up, score: since (ms) | retried, dropped, 30 days |
| `conferences` | zset | campaign that is a conference, score: created (ms) | with the campaign |
| `escalations` | zset | campaign that is an escalation, score: created (ms) | with the campaign |
| `suppressed` | zset | address that no campaign calls, score: since (ms) | stays until it is taken off by hand |
| `suppressed:vip` | zset | the same for the campaigns that keep to the list `vip` | stays with its list |
| `suppression` | hash | list: how often it was changed, `*` for the one of all campaigns | stays: one for each list |
| `dialed:20780:77` | hash | number: the call that dialed it last (`-`: left since), and when, on that day | nine days |
| `audit` | stream | who did what, when: `entry` (JSON, `audit.py`), `hash` of the chain | by age |
| `audit:chain` | hash | `head`, `last`: the newest's hash and id; `anchor`: hash before the oldest; `trimmed` | stays |
| `api-keys` | hash | id of an API key: name, roles, digest, created, expires (JSON) | revoked |
| `api-keys:used` | hash | id of an API key: when it was last used (ms) | revoked |
| `erasure` | hash | `fingerprint` of the secret under which hashes of erased numbers stand | stays: one a fleet |
| `life` | hash | the data's `id`, how many attempts have `begun`, `at` the last (ms); more in `redis/life.py` | stays |
| `witnessed` | string | written ahead of each wait for replicas (`redis/batch.py`); says nothing | stays |
| `schema` | hash | `version` of the data, and the oldest of a program that may read it: `needs` (`schema.py`) | stays |
| `migration` | hash | `version` that is being made, `at` (cursor), counts (`store/migrating.py`) | with its last page |
| `unconfirmed` | zset | escalation that ended in vain and that nobody has taken over since, score: when (ms) | a day |
| `escalating` | zset | call given up that is to be escalated, score: when, or the lease (ms) | empties |
| `erasing` | zset | erasure id, score: when to go on, or the lease (ms) | empties |
| `erasure:e5f1` | hash | an erasure's plan (until its end), counts, proof | the retention's days after its end |
| `hanging-up` | zset | campaign of which calls are to be hung up, score: when that was last asked (ms) | empties |
| `closing` | set | campaigns that may be complete | empties |
| `reaping` | zset | campaign that is over, with a retention of its own, score: until when (ms) | with the campaign |
| `idling` | zset | campaign that may end, score: when to look whether it was touched lately (ms) | with the campaign |
| `ended` | zset | every other campaign that is over, score: since (ms) | with the campaign |
| `open` | set | campaigns with anything left to do, drafts too | empties |
| `trunk:main` | hash | the budget: `tat`, `seen` (us), `index`; more in `tune_budget.lua` | stays: one per trunk |
| `trunk:main:up` | zset | call id that holds a slot while it has a lease, where slots are counted | empties |
| `changes` | stream | `what` changed, while somebody listens (`changes.py`) | two minutes after the last listener |
| `looks` | zset | trunk, score: when to look for its calls, or the lease of a look (ms) | stays: one per trunk |
| `wake` | list | at most one element, popped by an idle hopper | pops |
| `workers` | zset | worker id, score: last heartbeat (ms) | trimmed |
| `apis` | zset | the same of every API process | trimmed |
| `targets` | zset | `worker 10.0.0.4:9101`: where a process tells its metrics, score: last heartbeat (ms) | trimmed |
| `speakers` | zset | the same of every process that speaks to the carrier, workers too | trimmed |
| `token`, `token:lock`, `token:failed` | string | the carrier's access token and its renewal | expire |
| `trunk:south:token`, `:token:lock`, `:token:failed` | string | the same of the trunk `south` | expire |
| `probe:5f1c` | string | a random word, while `dialer doctor` asks for it through the public address | a minute |
| `carrier-uuid:6ba7` | string | the attempt that a carrier's id belongs to | 15 minutes |
| `idempotency:post-calls:9f8e` | string | first answer to an Idempotency-Key (JSON) | 24 hours |
"""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

from dialer.dispositions import Disposition
from dialer.model import MAIN, AttemptRef, CallRef, Priority
from dialer.states import CallState

TAG = "{dialer}:"

CAMPAIGNS = f"{TAG}campaigns"
LEASES = f"{TAG}leases"
DOUBTFUL = f"{TAG}doubtful"
UNDETERMINED = f"{TAG}undetermined"
UNCONFIRMED = f"{TAG}unconfirmed"
SLEEPING = f"{TAG}sleeping"
EXPIRING = f"{TAG}expiring"
EXPIRING_CALLS = f"{TAG}expiring:calls"
CONFERENCES = f"{TAG}conferences"
ESCALATIONS = f"{TAG}escalations"
SUPPRESSED = f"{TAG}suppressed"
SUPPRESSION = f"{TAG}suppression"
CLOSING = f"{TAG}closing"
REAPING = f"{TAG}reaping"
ENDED = f"{TAG}ended"
IDLING = f"{TAG}idling"
AUDIT = f"{TAG}audit"
AUDIT_CHAIN = f"{TAG}audit:chain"
AUDITED = (AUDIT, AUDIT_CHAIN)
"""Of every script that writes to the audit log."""
API_KEYS = f"{TAG}api-keys"
API_KEYS_USED = f"{TAG}api-keys:used"
OF_API_KEYS = (API_KEYS, API_KEYS_USED)
OPEN = f"{TAG}open"
WAKE = f"{TAG}wake"
LOOKS = f"{TAG}looks"
CHANGES = f"{TAG}changes"
WORKERS = f"{TAG}workers"
SPEAKERS = f"{TAG}speakers"
APIS = f"{TAG}apis"
PROCESSES = (SPEAKERS, WORKERS, APIS)
"""All in which processes are heard from."""
TARGETS = f"{TAG}targets"
HANGING_UP = f"{TAG}hanging-up"
TRUNK = f"{TAG}trunk:{MAIN}"
RECORDINGS = f"{TAG}recordings"
RECORDINGS_DUE = f"{TAG}recordings:due"
RECORDINGS_UNFETCHED = f"{TAG}recordings:unfetched"
ERASURE_SECRET = f"{TAG}erasure"
SCHEMA = f"{TAG}schema"
LIFE = f"{TAG}life"
WITNESSED = f"{TAG}witnessed"
MIGRATION = f"{TAG}migration"
REJECTED = f"{TAG}rejected"
ESCALATING = f"{TAG}escalating"
ERASING = f"{TAG}erasing"
COPYING = f"{TAG}copying"
CALLBACKS = f"{TAG}callbacks"
CALLBACKS_TOLD = f"{TAG}callbacks:told"
CALLBACKS_DUE = f"{TAG}callbacks:due"
CALLBACKS_PENDING = f"{TAG}callbacks:pending"
CALLBACKS_DEAD = f"{TAG}callbacks:dead"
TOKEN = f"{TAG}token"
READY = tuple(f"{TAG}ready:{priority}" for priority in Priority)
READY_URGENT = READY[0]
KEPT = (CAMPAIGNS, SUPPRESSED, SUPPRESSION, AUDIT, API_KEYS, ERASURE_SECRET, TRUNK)
"""Where anything is stored for good, one of these is there."""

WORKER_ALIVE_MS = 15_000
"""A worker whose last heartbeat is older is gone."""
SHOWN_MS = 86_400_000
"""So long what waits for a person is shown as such: a call that ended undetermined, an alarm that nobody took over."""
CALLS_PER_BUCKET = 50
"""Two fields a call make at most 100, so that a bucket stays in Redis' compact form (limit 128 by default)."""
KNOWN_BUCKETS = 1 << 14
"""61 digests a bucket at 1,000,000 calls, and 41 slots where all have ids: compact. Days have higher numbers."""

DAY_MS = 86_400_000
DIALED_DAYS = 8
"""The days that seven times 24 hours touch."""
DIALED_BUCKETS = 1 << 14

IN_FLIGHT = (CallState.WAITING, CallState.CLAIMED, CallState.PLACING, CallState.UNKNOWN, CallState.LIVE)
"""The states that are one set each, in the order in which scripts expect them; `done` is one set per disposition."""


def campaign(campaign_id: str) -> str:
    """Hash of a campaign's fields."""
    return f"{TAG}campaign:{campaign_id}"


def calls_in(campaign_id: str, state: CallState) -> str:
    """Sorted set of a campaign's calls in a state other than done."""
    return f"{TAG}campaign:{campaign_id}:{state}"


def calls_done(campaign_id: str, disposition: Disposition) -> str:
    """Sorted set of a campaign's calls that ended with a disposition."""
    return f"{TAG}campaign:{campaign_id}:done:{disposition}"


def bucket(campaign_id: str, seq: int) -> str:
    """Hash that holds a call's record and tries, with those of its neighbours."""
    return f"{TAG}campaign:{campaign_id}:calls:{seq // CALLS_PER_BUCKET}"


def known(campaign_id: str, number: int) -> str:
    """Hash of digests already added."""
    return f"{TAG}campaign:{campaign_id}:known:{number}"


def held(campaign_id: str) -> str:
    """Sorted set of the waiting calls that are held back one by one, by reason and moment."""
    return f"{TAG}campaign:{campaign_id}:held"


def suppressed_on(name: str) -> str:
    """Sorted set of the numbers on a named list."""
    return f"{TAG}suppressed:{name}"


def dialed(address: str, now_ms: int, days: int = DIALED_DAYS) -> list[str]:
    """Hashes that tell when a number was dialed: today's, yesterday's and so on."""
    today, bucket_number = now_ms // DAY_MS, crc32(address.encode()) % DIALED_BUCKETS
    return [f"{TAG}dialed:{day}:{bucket_number}" for day in range(today, today - days, -1)]


def texts(campaign_id: str) -> str:
    """Hash of the scripts that a campaign had before."""
    return f"{TAG}campaign:{campaign_id}:texts"


def zones(campaign_id: str) -> str:
    """Hash of the cohorts of a campaign's calls."""
    return f"{TAG}campaign:{campaign_id}:zones"


def cohorts(campaign_id: str) -> str:
    """String that tells the cohort of each call, where a campaign has several."""
    return f"{TAG}campaign:{campaign_id}:cohorts"


def imports(campaign_id: str) -> str:
    """Sorted set of imports under way."""
    return f"{TAG}campaign:{campaign_id}:imports"


def origins(campaign_id: str) -> str:
    """Zset of the requests that brought calls (`traceparent` and the number), by the first running number of each."""
    return f"{TAG}campaign:{campaign_id}:origins"


def lists(campaign_id: str) -> str:
    """Sorted set of a campaign's named imports."""
    return f"{TAG}campaign:{campaign_id}:lists"


def import_record(campaign_id: str, import_id: str) -> str:
    """Hash: how far a named import is."""
    return f"{TAG}campaign:{campaign_id}:import:{import_id}"


def import_rejected(campaign_id: str, import_id: str) -> str:
    """List of the rows that a named import did not take."""
    return f"{TAG}campaign:{campaign_id}:import:{import_id}:rejected"


def hang_up(campaign_id: str) -> str:
    """Sorted set of calls to be hung up."""
    return f"{TAG}campaign:{campaign_id}:hang_up"


def again(campaign_id: str) -> str:
    """Hash: from which campaign's calls this one is made."""
    return f"{TAG}campaign:{campaign_id}:again"


def escalation(campaign_id: str) -> str:
    """Hash: who is called in which step of an escalation, and how far that is."""
    return f"{TAG}campaign:{campaign_id}:escalation"


def forecast(campaign_id: str) -> str:
    """String: the last forecast of a campaign."""
    return f"{TAG}campaign:{campaign_id}:forecast"


def forecast_claim(campaign_id: str) -> str:
    """String: somebody makes the next forecast of a campaign."""
    return f"{TAG}campaign:{campaign_id}:forecast:claim"


def recordings_of(campaign_id: str) -> str:
    """Sorted set of a campaign's recordings."""
    return f"{TAG}campaign:{campaign_id}:recordings"


def recording(recording_id: str) -> str:
    """Hash of one recording."""
    return f"{TAG}recording:{recording_id}"


def erasure(erasure_id: str) -> str:
    """Hash of one erasure."""
    return f"{TAG}erasure:{erasure_id}"


def callbacks_to(receiver: str) -> str:
    """Sorted set of the callbacks for one receiver."""
    return f"{TAG}callbacks:to:{receiver}"


def attempt(ref: AttemptRef) -> str:
    """Hash of one attempt."""
    return f"{TAG}attempt:{ref}"


def packed(call: CallRef) -> str:
    """Hash of the attempts that have ended, of a call and its neighbours."""
    return f"{TAG}campaign:{call.campaign_id}:attempts:{call.seq // CALLS_PER_BUCKET}"


def packed_field(ref: AttemptRef) -> str:
    """An attempt's field there."""
    return f"{ref.call.seq}-{ref.number}"


def carrier_uuid(uuid: str) -> str:
    """String: the attempt a carrier's id belongs to, while a list look-up may meet it."""
    return f"{TAG}carrier-uuid:{uuid}"


def probe(nonce: str) -> str:
    """String: a random word that shows which Redis an API reads."""
    return f"{TAG}probe:{nonce}"


def idempotency(scope: str, key_hash: str) -> str:
    """String: the first answer given under an Idempotency-Key."""
    return f"{TAG}idempotency:{scope}:{key_hash}"


def trunk(name: str) -> str:
    """Hash of a trunk's budget."""
    return f"{TAG}trunk:{name}"


def trunk_up(name: str) -> str:
    """Sorted set of the calls that hold a trunk's slots."""
    return f"{TAG}trunk:{name}:up"


def ready(priority: Priority, trunk_name: str = MAIN) -> str:
    """Sorted set of a trunk's campaigns of a class that have due calls."""
    return f"{TAG}ready:{priority}" if trunk_name == MAIN else f"{TAG}ready:{trunk_name}:{priority}"


def lines(trunks: Sequence[str]) -> list[str]:
    """Where a campaign of these trunks may stand in line: for each of them its three sets by class."""
    return [ready(priority, name) for name in trunks for priority in Priority]


def access_token(trunk_name: str) -> str:
    """String: a trunk's access token; the keys of its renewal begin with the same."""
    return TOKEN if trunk_name == MAIN else f"{trunk(trunk_name)}:token"


def call_step(ref: AttemptRef, *own: str, over: str = MAIN) -> list[str]:
    """The KEYS of every script that moves one call, in the order of `lua/parts/call.lua`, with a script's own.

    `over` is the trunk, for those that look at its budget.
    """
    of_call = (CALLBACKS_TOLD, SCHEMA, packed(ref.call), bucket(*ref.call), attempt(ref))
    return [*_campaign_step(ref.call.campaign_id, over), *own, *of_call]


_steps: dict[tuple[str, str], list[str]] = {}
_MOST_STEPS = 4096


def _campaign_step(campaign_id: str, over: str) -> list[str]:
    # The same two dozen names for each event of a campaign: built once, on the path of every webhook.
    names = _steps.get((campaign_id, over))
    if names is None:
        if len(_steps) >= _MOST_STEPS:
            _steps.clear()
        names = _steps[campaign_id, over] = [
            campaign(campaign_id),
            *(calls_in(campaign_id, state) for state in IN_FLIGHT),
            LEASES,
            SLEEPING,
            CLOSING,
            trunk(over),
            ready(Priority.URGENT, over),
            SUPPRESSED,
            SUPPRESSION,
            held(campaign_id),
            ESCALATING,
            CHANGES,
            DOUBTFUL,
            UNDETERMINED,
            *(calls_done(campaign_id, disposition) for disposition in Disposition),
        ]
    return names


def call_sets(campaign_id: str) -> list[str]:
    """The sets a call of this campaign can stand in: five in flight, then done by disposition."""
    return [
        *(calls_in(campaign_id, state) for state in IN_FLIGHT),
        *(calls_done(campaign_id, disposition) for disposition in Disposition),
    ]
