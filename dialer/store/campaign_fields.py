"""A campaign as the fields of its hash, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import astuple

from dialer.built_in import BUILT_IN
from dialer.callbacks.events import Callbacks
from dialer.clock import at_ms, moment, to_ms
from dialer.dispositions import Disposition
from dialer.model import Campaign, Priority, Redial, Terms, UnknownPolicy
from dialer.states import CampaignState
from dialer.store.base import deadlines
from dialer.store.limit_fields import LIMIT_FIELDS, limits_from_fields, limits_to_fields
from dialer.trunks import read_trunks, write_trunks
from dialer.windows import Windows

_RULE_LEAST = 2  # times and wait are always written
_CLASS = {priority: number for number, priority in enumerate(Priority, 1)}


def to_fields(campaign: Campaign) -> dict[str, str | int]:
    """A campaign as it is stored."""
    redial = {disposition: _rule(redial) for disposition, redial in campaign.redial.items()}
    fields: dict[str, str | int] = {
        "name": campaign.name,
        "kind": campaign.kind,
        "script": json.dumps(campaign.script, ensure_ascii=False),
        "priority": campaign.priority,
        "class": _CLASS[campaign.priority],
        "built_in": int(campaign.id in BUILT_IN.values()),
        "created_at": to_ms(campaign.created_at),
        "redial": json.dumps(redial),
        "unknown": campaign.unknown,
        "state": campaign.state,
        "total": campaign.total,
        "success": json.dumps(sorted(campaign.success)),
    }
    told = {
        "terms": json.dumps(campaign.terms.to_dict()) if campaign.terms != Terms() else None,
        "expires_at": to_ms(campaign.expires_at) if campaign.expires_at else None,
        "most": campaign.most,
        **callback_fields(campaign.callbacks),
        "escalation": json.dumps(campaign.escalation, ensure_ascii=False) if campaign.escalation else None,
        "max_tries": campaign.max_tries,
        "retention_days": campaign.retention_days,
        "started_at": to_ms(campaign.started_at) if campaign.started_at else None,
        **_lease_times(campaign.terms),
        **_hours(campaign),
        **limits_to_fields(campaign),
        "trunks": write_trunks(campaign.trunks),
        "origin": campaign.origin,
    }
    return fields | {name: value for name, value in told.items() if value is not None}


_CHANGEABLE = ("redial", "max_tries", "script", "terms", *LIMIT_FIELDS)


def changeable_fields(campaign: Campaign) -> dict[str, str | int | None]:
    """Those that may be changed while it runs; None where it has none."""
    fields = to_fields(campaign)
    return {name: fields.get(name) for name in _CHANGEABLE}


def callback_fields(callbacks: Callbacks | None) -> dict[str, str]:
    """The scripts read `tells` alone."""
    return {"callback_url": callbacks.url, "tells": " ".join(sorted(callbacks.events))} if callbacks else {}


def callbacks_of(url: str | None, tells: str | None) -> Callbacks | None:
    """What the same fields say."""
    return Callbacks(url, frozenset((tells or "").split())) if url else None


def _rule(redial: Redial) -> list[int | str | bool]:
    """A redial as its fields in their order, without the defaults at the end."""
    parts, defaults = list(astuple(redial)), list(astuple(Redial(0, 0)))
    while len(parts) > _RULE_LEAST and parts[-1] == defaults[len(parts) - 1]:
        parts.pop()
    return parts


def _lease_times(terms: Terms) -> dict[str, int | None]:
    """How long a call of this campaign may be silent, where its timers are its own; `apply_event` reads them."""
    ringing, talking = terms.ringing_timer_s, terms.length_timer_s
    limits = deadlines(ringing or 0, talking or 0)
    return {
        "ringing_ms": limits.ringing if ringing else None,
        "talking_ms": limits.talking if talking else None,
    }


def _hours(campaign: Campaign) -> dict[str, str | int | None]:
    """The windows; `timed` tells the scripts that they are to be kept, and which version of them."""
    if campaign.windows is None:
        return {}
    kept: dict[str, str | int | None] = {"windows": json.dumps(campaign.windows.to_dict()), "windows_version": 1}
    return kept | ({"override_windows": 1} if campaign.override_windows else {"timed": 1})


def campaign_from_fields(campaign_id: str, fields: Mapping[str, str], now_ms: int) -> Campaign:
    """A campaign from its hash, as it stands at this moment."""
    return Campaign(
        id=campaign_id,
        name=fields["name"],
        kind=fields["kind"],
        script=json.loads(fields["script"]),
        priority=Priority(fields["priority"]),
        redial={Disposition(name): Redial(*rule) for name, rule in json.loads(fields["redial"]).items()},
        unknown=UnknownPolicy(fields["unknown"]),
        terms=Terms.from_dict(json.loads(fields.get("terms", "{}"))),
        success=frozenset(map(Disposition, json.loads(fields.get("success", "[]")))),
        expires_at=at_ms(fields.get("expires_at")),
        most=int(fields["most"]) if "most" in fields else None,
        windows=Windows.from_dict(json.loads(fields["windows"])) if "windows" in fields else None,
        override_windows="override_windows" in fields,
        callbacks=callbacks_of(fields.get("callback_url"), fields.get("tells")),
        escalation=json.loads(fields["escalation"]) if "escalation" in fields else None,
        **limits_from_fields(fields, now_ms),
        version=int(fields.get("version", 1)),
        script_version=int(fields.get("script_version", 1)),
        trunks=read_trunks(fields.get("trunks")),
        max_tries=int(fields["max_tries"]) if "max_tries" in fields else None,
        retention_days=int(fields["retention_days"]) if "retention_days" in fields else None,
        over_at=at_ms(fields.get("over_at")),
        over_reason=fields.get("over_reason"),
        state=CampaignState(fields["state"]),
        created_at=moment(fields["created_at"]),
        started_at=at_ms(fields.get("started_at")),
        ended_at=at_ms(fields.get("ended_at")),
        reason=fields.get("reason") or None,
        total=int(fields["total"]),
        attempts=int(fields.get("attempts", 0)),
        origin=fields.get("origin"),
    )
