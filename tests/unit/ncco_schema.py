"""The published JSON schema of NCCOs, with what is known to be missing or wrong in it since it was written (2021).

Every amendment names its source; whatever the schema forbids beyond these, our NCCOs must not do.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator  # type: ignore[import-untyped]  # its stubs are a package of their own

from dialer.speech import spoken_length

DATA = Path(__file__).parents[1] / "data"
PUBLISHED = json.loads((DATA / "vonage-openapi" / "ncco-schema.json").read_text())
_LATER = {"notify": ["payload", "eventUrl"], "wait": [], "transfer": ["conversationId"]}
LATER_FIELDS: dict[str, set[str]] = {
    "talk": {"level", "premium", "provider", "providerOptions"},
    "record": {"channels", "transcription"},
    "conversation": {"name", "canSpeak", "canHear", "mute"},
    "connect": {"randomFromNumber", "advancedMachineDetection", "ringbackTone"},
    "input": {"type", "dtmf", "speech", "mode"},
    "notify": {"payload", "eventUrl", "eventMethod"},
    "wait": {"timeout"},
    "transfer": {"conversationId", "canHear", "canSpeak", "mute"},
    "phone": {"onAnswer", "shaken"},
    "sip": {"headers", "standardHeaders", "user", "domain"},
    "websocket": {"authorization"},
}
"""What actions and endpoints have besides the schema of 2021, which forbids no field: all in derived/ncco-actions.json.
`name` it requires and does not describe."""


def _amended() -> dict[str, Any]:
    schema: dict[str, Any] = copy.deepcopy(PUBLISHED)
    parts = schema["definitions"]
    # KPN's specification: phone numbers have 7 to 15 digits (REFERENCE section 3).
    _fields(parts, "endpoint-phone")["number"]["minLength"] = 7
    # SDKs also name a user and a domain instead of a SIP URI (derived/ncco-actions.json).
    del parts["endpoint-sip"]["allOf"][1]["required"]
    # KPN's list of voices has two names more, and the languages of today are many (data/tts).
    parts["voices"]["enum"] += ["Mizuki", "Seoyeon"]
    parts["languages"] = {"type": "string", "pattern": "^[a-z]{2,3}(-[A-Za-z]{2,3}){0,2}$"}
    # SDKs and KPN's own example send an array (REFERENCE section 9).
    _fields(parts, "ncco-conversation")["musicOnHoldUrl"] = {"type": "array", "minItems": 1, "maxItems": 1}
    # Later documents add OGG, and actions that came after the schema (derived/ncco-actions.json).
    _fields(parts, "ncco-record")["format"]["enum"].append("ogg")
    parts["ncco"]["oneOf"] += [
        {"required": ["action", *fields], "properties": {"action": {"enum": [name]}}} for name, fields in _LATER.items()
    ]
    # Tags of SSML are not counted (REFERENCE section 9): checked below.
    del _fields(parts, "ncco-talk")["text"]["maxLength"]
    return schema


def listed_fields(kind: str) -> set[str]:
    """The fields that the published schema describes of an action or an endpoint."""
    parts = PUBLISHED["definitions"]
    part = parts.get(f"ncco-{kind}") or parts.get(f"endpoint-{kind}")
    return set(part["allOf"][1]["properties"]) if part else set()


def _strangers(part: dict[str, Any], kind: str) -> list[str]:
    known = listed_fields(kind) | LATER_FIELDS.get(kind, set()) | {"action", "type"}
    found = [f"{kind} has no field {name}" for name in part if name not in known]
    return found + [each for endpoint in part.get("endpoint", []) for each in _strangers(endpoint, endpoint["type"])]


def _fields(parts: dict[str, Any], name: str) -> dict[str, Any]:
    fields: dict[str, Any] = parts[name]["allOf"][1]["properties"]
    return fields


_VALIDATOR = Draft4Validator(_amended())


def problems_of(wire: list[dict[str, Any]]) -> list[str]:
    """What the schema and the rules on length, nulls and unknown fields say of an NCCO; empty when all is well."""
    long = [f"{len(each['text'])} characters" for each in wire if spoken_length(each.get("text") or "") > 1500]
    nulls = [f"{name} is null" for each in wire for name, value in each.items() if value is None]
    errors = [error.message for error in _VALIDATOR.iter_errors(wire)]
    strangers = [] if errors else [each for action in wire for each in _strangers(action, action["action"])]
    return errors + strangers + long + nulls
