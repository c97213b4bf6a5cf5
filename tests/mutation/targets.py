"""What is mutated, and which tests must notice: each module that decides and does no I/O, and each script.

Those most likely to notice stand first: a run ends with the first test that fails.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

_SCRIPTS = Path(__file__).parents[2] / "dialer" / "lua"
_MODELS = Path(__file__).parents[1] / "fakes" / "models"
_MODELLED = re.compile(r"^@models\(.*?^def (\w+)\(", re.DOTALL | re.MULTILINE)
_INCLUDED = re.compile(r"^-- include: (\w+)", re.MULTILINE)
_UNIT, _INTEGRATION = "tests/unit/test_{}.py", "tests/integration/test_{}.py"


def _units(names: str) -> tuple[str, ...]:
    return tuple(map(_UNIT.format, names.split()))


def _integrations(names: str) -> tuple[str, ...]:
    return tuple(map(_INTEGRATION.format, names.split()))


_API_FORECASTS = ("tests/integration/api/test_api_forecasts.py",)

_RUN_FORECASTS = _INTEGRATION.format("forecast_against_engine")
# Without those that start processes or read a hundred megabytes.
_IMPORTING = tuple(
    f"tests/unit/importing/test_{name}.py"
    for name in ("row_checks", "columns", "decoding", "numbers", "plain_rows", "csv_rows", "json_rows", "places")
)

PYTHON: dict[str, Sequence[str]] = {
    "states": _units("states keys_table"),
    "dispositions": _units("dispositions kpn_events"),
    "redialing": (*_units("redialing"), *_integrations("redials_beforehand")),
    "decisions": (*_units("decisions"), *_integrations("store_attempts store_suppression")),
    "terms": _units("terms"),
    "call_record": _units("call_record"),
    "model": _units("model call_record api_schemas"),
    "windows": _units("windows cohorts"),
    "window_text": _units("windows"),
    "cohorts": _units("cohorts"),
    "pacing": (*_units("pacing"), *_integrations("dialing_budget")),
    "dials": _integrations("dialing_claim dialing_begin origins person_numbers store_suppression placing"),
    "dialing": (
        *_units("pacing"),
        *_integrations("dialing_claim dialing_begin dialing_record dialing_redial trunk_breaker erased_numbers"),
        *_integrations("person_numbers origins windows trunks life dialing_budget prefix_shares"),
    ),
    "holding": (*_units("holding explaining"), *_integrations("number_caps caps_loosened explain")),
    "openings": _integrations("windows"),
    "trunk_breaker": (*_units("pacing"), *_integrations("trunk_breaker")),
    "leases": _integrations("leases store_steps counting escalating_late number_doubtful overview brakes windows"),
    "looks": _integrations("hopper"),
    "trunks": _integrations("campaign_trunks"),
    "restoring": (*_units("restoring"), *_integrations("restoring")),
    "hang_ups": _integrations("hang_ups"),
    "packed": _integrations("packed_attempts"),
    "idempotency": ("tests/integration/api/test_api_idempotency.py",),
    "planning": (
        *_units("planning"),
        f"{_INTEGRATION.format('trunk_carriers')}::test_a_forecast_counts_the_budgets_of_all_trunks",
        f"{_INTEGRATION.format('trunk_carriers')}::test_a_forecast_begins_when_the_first_trunk_is_open",
        f"{_RUN_FORECASTS}::test_forecast_is_within_a_tenth_of_the_run[most begin alike]",
        *_API_FORECASTS,
    ),
    "known": (*_units("known"), *_integrations("store_finding store_adding")),
    "redis/witnesses": _units("witnesses"),
    "redis/life": _integrations("life cli_restored"),
    "redis/seen": (*_units("seen"), *_integrations("life")),
    "migrations": (*_units("schema"), *_integrations("store_migrating")),
    "schema": _units("schema"),
    "phone": _units("phone cohorts"),
    "phone_rules": _units("phone_rules"),
    "addresses": _units("addresses"),
    "connecting": _units("connecting"),
    "speech": _units("speech scripts_phrases"),
    "notification": _units("notification"),
    "answering": _units("answering escalation"),
    "conferences/conference": _units("conference"),
    "conferences/gathering": (*_units("gathering"), *_integrations("conference_watch")),
    "escalations/escalation": (*_units("escalation"), *_integrations("escalating")),
    "escalations/ladder": (*_units("ladder"), *_integrations("escalation_watch escalation_end")),
    "escalations/duties": (*_units("ladder"), *_integrations("escalation_end escalation_watch")),
    "escalations/climbing": _integrations("escalation_end escalation_watch escalating_erased escalation_crashes"),
    "erasures/hashes": (*_units("erasure_hashes"), *_integrations("erased_numbers store_suppression")),
    "erasures/proof": _units("erasures"),
    "erasures/erasure": (*_units("erasures"), *_integrations("erasures")),
    "erasures/traces": (*_units("erasures"), *_integrations("store_erasing")),
    "kinds": _units("kinds conference escalation addresses"),
    "audit": (
        *_units("api_audited"),
        *_integrations("store_audit cli_audit"),
        "tests/integration/api/test_api_audit.py",
    ),
    "changes": (*_integrations("store_changes"), "tests/integration/api/test_api_events.py"),
    "counting": _integrations("counting recordings_fetching"),
    "store/campaign_fields": _units("campaign_fields"),
    "store/limit_fields": _units("campaign_fields"),
    "masking": _units("log phone"),
    "causes": _units("causes"),
    "forms": _units("forms"),
    "clock": _units("clock"),
    "access": (*_units("access api_roles"), "tests/integration/api/test_api_keys.py"),
    "tokens": _units("tokens"),
    "public_names": _units("public_names callback_addresses kpn_recording_addresses"),
    "webhook_signature": _units("webhook_signature"),
    "providers/steering": (*_units("kpn_orders"), *_integrations("kpn_steering control")),
    "providers/kpn/answers": _units("kpn_answers kpn_placing kpn_outcomes"),
    "providers/kpn/application_answers": _units("kpn_application_answers"),
    "providers/kpn/calls": _units("kpn_calls"),
    "providers/kpn/checks": _units("kpn_checks kpn_orders kpn_placing"),
    "providers/kpn/dialect": _units("kpn_checks kpn_placing"),
    "providers/kpn/events": _units("kpn_events scripts_replies"),
    "providers/kpn/figures": _units("kpn_figures kpn_events kpn_calls"),
    "providers/kpn/orders": _units("kpn_orders kpn_payloads"),
    "providers/kpn/outcomes": _units("kpn_outcomes"),
    "providers/kpn/placing": _units("kpn_placing kpn_payloads"),
    "providers/kpn/recording_addresses": _units("kpn_recording_addresses"),
    "providers/kpn/token_answers": (*_units("kpn_token_answers"), *_integrations("kpn_applications")),
    "providers/kpn/waits": _units("kpn_placing kpn_outcomes kpn_token_answers"),
    "scripts/checks": _units("scripts_reading scripts_properties"),
    "scripts/marks": _units("scripts_walking scripts_replies"),
    "scripts/walking": _units("scripts_walking scripts_reading"),
    "scripts/phrases": _units("scripts_phrases notification"),
    "scripts/positions": _units("scripts_rendering scripts_replies scripts_reading scripts_properties"),
    "scripts/rendering": _units("scripts_rendering scripts_properties conference"),
    "scripts/replies": _units("scripts_replies"),
    "scripts/script": _units("scripts_reading scripts_properties scripts_replies scripts_rendering"),
    "scripts/steps": _units("scripts_reading scripts_rendering scripts_replies scripts_properties"),
    "ncco/actions": _units("ncco_actions ncco_refusals ncco_table ncco_payloads"),
    "ncco/endpoints": _units("ncco_actions ncco_refusals ncco_table ncco_payloads"),
    "ncco/fields": _units("ncco_fields ncco_actions ncco_refusals ncco_table ncco_payloads"),
    "ncco/parts": _units("ncco_fields ncco_actions ncco_refusals ncco_table ncco_payloads"),
    "ncco/reading": _units("ncco_actions ncco_refusals ncco_wire ncco_payloads scripts_reading"),
    "ncco/wire": _units("ncco_wire ncco_actions ncco_payloads"),
    "forecast/beginnings": _units("forecast_parts forecast_runs"),
    "forecast/breaking": _units("forecast_stops forecast_runs"),
    "forecast/cohort": _units("forecast_cohorts forecast_runs"),
    "forecast/holding": _units("forecast_parts forecast_runs"),
    "forecast/line": (*_units("forecast_parts forecast_runs forecast_outlooks"), *_API_FORECASTS),
    "forecast/outcome": _units("forecast_parts forecast_runs"),
    "forecast/outlook": (*_units("forecast_outlooks forecast_runs"), *_API_FORECASTS),
    "forecast/purse": _units("forecast_stops forecast_runs forecast_remedies"),
    "forecast/queue": _units("forecast_runs forecast_outlooks forecast_properties"),
    "forecast/rates": _units("forecast_rates forecast_talking forecast_outlooks"),
    "forecast/remedies": (*_units("forecast_remedies forecast_properties"), *_API_FORECASTS),
    "forecast/run": _units("forecast_runs forecast_outlooks forecast_properties"),
    "forecast/slots": _units("forecast_parts forecast_runs"),
    "forecast/stopping": _units("forecast_stops forecast_runs"),
    "forecast/talking": _units("forecast_talking"),
    "explaining/groups": (*_units("explaining_groups"), *_integrations("explain")),
    "explaining/reasons": (
        *_units("explaining explaining_groups explaining_rules"),
        f"{_UNIT.format('manual')}::test_table_of_reasons_is_that_of_the_code",
        *_integrations("explain"),
    ),
    "explaining/rules": (*_units("explaining_rules explaining explaining_groups"), *_integrations("explain")),
    "explaining/seen": _units("explaining_seen explaining_rules"),
    "importing/checks": _IMPORTING,
    "importing/columns": _IMPORTING,
    "importing/csv_rows": ("tests/unit/importing/test_csv_rows.py", "tests/unit/importing/test_places.py"),
    "importing/decoding": _IMPORTING,
    "importing/json_rows": ("tests/unit/importing/test_json_rows.py", "tests/unit/importing/test_places.py"),
    "importing/faults": ("tests/unit/importing/test_plain_rows.py",),
    "importing/plain_rows": ("tests/unit/importing/test_plain_rows.py",),
    "importing/rows": _IMPORTING,
    "recordings/records": _units("recordings_records"),
    "voices/catalogue": _units("voices"),
    "callbacks/messages": _units("callback_messages"),
    "callbacks/events": _units("callback_messages callback_settings"),
    "callbacks/dead_letters": _integrations("dead_letters"),
    "callbacks/outbox": _integrations("callbacks dead_letters"),
}

# The walk holds every script of the dialing against a model: its shortest run, twice.
_WALK = tuple(
    f"{_INTEGRATION.format('dialing_walk')}::test_random_walk_over_odd_days[{day}]"
    for day in ("2027-03-28T00:40:00+00:00-2", "2027-10-31T00:40:00+00:00-1")
)
# And the machine all others: what it asks is the same each time.
_CALL = _integrations(
    "store_events store_attempts store_late_events dialing_begin dialing_record dialing_redial dialing_claim leases"
    " brakes number_caps person_numbers store_suppression trunk_breaker shares conference_watch store_adding hang_ups"
    " explain"
)


def _life(names: str) -> tuple[str, ...]:
    """Those, and then all that is quick and deals with the life of a call."""
    return tuple(dict.fromkeys((*_integrations(names), *_CALL, *_WALK)))


_ESCALATING = _integrations("escalating escalation_end escalation_watch escalating_erased")
_RECORDINGS = _integrations("store_recordings recordings_leases recordings_fetching")
_PACKED = _integrations("packed_attempts")
_EXPLAIN = (
    *_integrations("explain caps_loosened trunk_breaker"),
    f"{_INTEGRATION.format('explain_walk')}::test_every_step_of_a_random_walk_is_explained[100]",
)

_API_KEYS = ("tests/integration/api/test_api_keys.py", "tests/integration/api/test_api_auth.py")
_API_EVENTS = ("tests/integration/api/test_api_events.py",)

LUA: dict[str, Sequence[str]] = {
    "parts/call": _life(
        "store_events store_late_events store_campaigns redials_beforehand escalating_late escalating redials"
        " store_conferences person_numbers shares"
    ),
    "parts/dialed": _life("dialing_record number_caps caps_loosened number_doubtful"),
    "parts/doubt": _life("dialing_record number_doubtful"),
    "parts/brakes": _life("brakes"),
    "parts/breaker": _life("brakes trunk_breaker"),
    "parts/spending": _life("brakes"),
    "parts/hours": _life("windows store_idling escalating_late caps_loosened"),
    "parts/opening": _integrations("windows overview script_machines"),
    "parts/release": _life("caps_loosened number_caps"),
    "parts/line": _life("store_attempts dialing_begin"),
    "parts/lists": _life("store_suppression store_calls"),
    "parts/step": _life("store_steps"),
    "parts/sweep": _life("store_steps conference_watch windows"),
    "parts/attempt": _life("packed_attempts"),
    "parts/packed": _integrations("packed_attempts"),
    "parts/call_over": _life("packed_attempts"),
    "parts/import": (*_integrations("store_adding"), "tests/integration/api/test_import_records.py"),
    "parts/create": _integrations("store_calls store_campaigns"),
    "parts/parking": _EXPLAIN,
    "parts/takeover": _integrations("escalation_end"),
    "parts/index": _integrations("store_finding store_erasing store_retention"),
    "parts/audit": _integrations("store_audit control"),
    "parts/changes": (*_integrations("store_events gauging"), *_WALK),
    "claim_due_calls": _life("dialing_claim brakes shares prefix_shares windows trunks"),
    "begin_attempt": _life(
        "dialing_begin store_suppression prefix_shares number_doubtful windows person_numbers erased_numbers"
    ),
    "record_placement": _life("dialing_record dialing_redial number_doubtful"),
    "apply_event": _life(
        "store_events store_late_events redials number_doubtful store_conferences redials_beforehand store_erasing"
    ),
    "lapse_lease": _life("leases"),
    "redial_unknown": _life("dialing_redial leases"),
    "adopt_attempt": (
        f"{_INTEGRATION.format('restoring')}::test_what_is_written_down_of_a_lost_attempt",
        *_WALK,
    ),
    "recall_call": _life("store_conferences slow_clocks conference_watch"),
    "tune_budget": (*_integrations("dialing_budget"), *_WALK),
    "take_looks": _integrations("hopper"),
    "take_tokens": _integrations("dialing_budget trunks"),
    "delay_tokens": _integrations("dialing_budget placing"),
    "add_calls": (
        f"{_INTEGRATION.format('store_conferences')}::test_fifty_members_and_no_more",
        *_integrations("store_calls store_adding person_numbers store_attempts store_finding origins slow_clocks"),
        *_WALK,
    ),
    "end_import": (*_integrations("store_calls store_adding store_campaigns"), *_WALK),
    "create_campaign": (*_integrations("store_calls store_campaigns"), *_WALK),
    "change_campaign": (*_integrations("caps_loosened shares brakes store_campaigns"), *_WALK),
    "change_suppression": (*_integrations("store_suppression erased_numbers"), *_WALK),
    "change_windows": (*_integrations("windows"), *_WALK),
    "store_hours": (*_integrations("windows"), *_WALK),
    "step_campaign": (*_integrations("store_steps store_campaigns"), *_WALK),
    "complete_campaign": (*_integrations("store_steps brakes store_retention"), *_WALK),
    "expire_call": (*_integrations("escalating_late"), *_WALK),
    "expire_calls": (*_integrations("windows escalating_late number_caps leases"), *_WALK),
    "expire_campaign": (
        *_integrations("conference_watch dialing_begin windows leases slow_clocks escalating_late number_caps"),
        *_WALK,
    ),
    "end_conference": (*_integrations("conference_watch store_conferences"), *_WALK),
    "hang_up_campaign": _integrations("hang_ups"),
    "claim_hang_ups": _integrations("hang_ups escalation_end"),
    "begin_escalation": _integrations("escalating escalating_erased"),
    "open_step": _ESCALATING,
    "end_escalation": _ESCALATING,
    "end_waiting": _integrations("escalation_end escalation_watch escalation_crashes"),
    "confirm_by_hand": _integrations("escalation_end escalating"),
    "replace_field": _ESCALATING,
    "take_over": _integrations("escalation_end"),
    "explain_call": _EXPLAIN,
    "explain_campaign": _EXPLAIN,
    "erase_call": _integrations("store_erasing erasures escalating_erased"),
    "hash_suppressed": _integrations("store_erasing erased_numbers"),
    "drop_suppression_list": _integrations("store_suppression"),
    "unindex_call": _integrations("store_finding store_retention"),
    "find_calls": _integrations("store_finding store_calls"),
    "forget_campaign": _integrations("store_retention"),
    "add_recording": (*_RECORDINGS, *_PACKED),
    "claim_recording": _RECORDINGS,
    "settle_recording": _RECORDINGS,
    "delete_recording": (*_RECORDINGS, *_PACKED),
    "change_attempt": _PACKED,
    "forget_attempts": (*_PACKED, *_integrations("store_retention")),
    "read_attempts": _PACKED,
    "renew_recording": _RECORDINGS,
    "open_callback": _integrations("callbacks"),
    "settle_callback": _integrations("callbacks"),
    "sort_callbacks": _integrations("callbacks store_erasing"),
    "revive_callback": _integrations("callbacks"),
    "release_receiver": _integrations("callbacks"),
    "take_due": _integrations("escalating callbacks"),
    "shut_trunk": _integrations("trunk_breaker"),
    "sum_campaigns": _integrations("overview gauging windows"),
    "count_calls": _integrations("control batch"),
    "count_outcome": _integrations("trunk_breaker brakes"),
    "count_up": _integrations("gauging trunk_breaker overview"),
    "append_audit": _integrations("store_audit"),
    "trim_audit": _integrations("store_audit"),
    "read_changes": (*_integrations("store_changes"), *_API_EVENTS),
    "sample_campaign": (*_API_EVENTS, *_integrations("windows")),
    "migrate_page": _integrations("store_migrating"),
    "stamp_schema": _integrations("store_migrating"),
    "page_list": _integrations("escalating store_campaigns store_retention"),
    "create_api_key": _API_KEYS,
    "revoke_api_key": _API_KEYS,
    "use_api_key": _API_KEYS,
    "forget_rejected": ("tests/integration/api/test_import_records.py",),
    "probe_commands": ("tests/unit/deploy/test_redis.py", "tests/integration/doctor/test_doctor_redis.py"),
    "release_lock": _integrations("kpn_token"),
}


def _beside_models() -> dict[str, tuple[str, ...]]:
    """The quickest test of each script that has a model, and of each part of one.

    The models are not imported: they load what is mutated.
    """
    named = _MODELLED.findall("\n".join(file.read_text() for file in sorted(_MODELS.glob("*.py"))))
    audit = {name: "test_audit_log" for name in named if name.endswith("_audit")}
    found: dict[str, list[str]] = {}
    for name in named:
        test = audit.get(name, f"test_script_in_its_room[{name}]")
        for one in (name, *_parts(name)):
            found.setdefault(one, []).append(f"{_INTEGRATION.format('script_machines')}::{test}")
    return {name: tuple(tests) for name, tests in found.items()}


def _parts(name: str) -> set[str]:
    """What a script or part includes, and what that includes."""
    own = {f"parts/{part}" for part in _INCLUDED.findall((_SCRIPTS / f"{name}.lua").read_text())}
    return own.union(*map(_parts, own))


def targets() -> dict[str, Sequence[str]]:
    """Each file with its tests, the scripts last; a script that is not in the table meets those of a call's life."""
    found = sorted(file.relative_to(_SCRIPTS).with_suffix("").as_posix() for file in _SCRIPTS.rglob("*.lua"))
    modelled = _beside_models()
    scripts = {name: (*modelled.get(name, ()), *LUA.get(name, (*_CALL, *_WALK))) for name in (*LUA, *found)}
    return {f"dialer/{name}.py": tests for name, tests in PYTHON.items()} | {
        f"dialer/lua/{name}.lua": tests for name, tests in scripts.items()
    }
