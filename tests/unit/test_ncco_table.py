"""The derived table of actions drives these tests: every field, type, bound, choice and default in it is a case.

A kind of rule that the table does not know yet fails here, and so does a field for whose type there is no example.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from dialer.errors import InvalidInput
from dialer.ncco import Generation, connects, parse_endpoint, parse_ncco, to_wire
from dialer.ncco.parts import Dtmf
from tests.unit.ncco_schema import LATER_FIELDS, listed_fields, problems_of
from tests.unit.test_ncco_actions import ACTIONS, LEAST, LEG, MODELS, PHONE, SIP, SOCKET, URL

LEAST_TODAY = LEAST | {"input": {"type": ["dtmf"]}}
NAMES = [name for name in ACTIONS if name in MODELS]
WORDS = {"since", "note", "unit", "scope", "deprecated_later"}
"""What tells of a field without ruling it."""
RULES = {"type", "required", "default", "min", "max", "step", "zero", "enum", "pattern", "max_chars", "items_exactly",
         "exclusive_with", "needs", "fields", "spelling_varies"}  # fmt: skip
SAMPLES: dict[str, Any] = {
    "string": "x",
    "string BCP-47": "nl-NL",
    "string URL": URL,
    "string E.164 without +": "447700900000",
    "integer": 3,
    "number": 0.5,
    "boolean": True,
    "array[leg uuid]": [LEG],
    "array of dtmf|speech": ["dtmf", "speech"],
    "array": [PHONE],
}
OWN_SAMPLES: dict[str, Any] = {
    "voiceName": "Lotte",
    "language": "nl-NL",
    "providerOptions": {"a": "b"},
    "payload": {"a": 1},
    "transcription": {"language": "en-US", "eventUrl": [URL], "eventMethod": "GET", "sentimentAnalysis": True},
    "advancedMachineDetection": {"behavior": "continue"},
    "context": ["yes", "no"],
    "endOnKey": "#",
    "canSpeak": [LEG],
    "canHear": [LEG],
}
MISFITS = {"string": 7, "integer": 1.5, "number": "much", "boolean": "yes", "object": "x", "array": "x"}
TOO_MANY = {"streamUrl": [URL, URL], "endpoint": [PHONE, PHONE], "uuid": [LEG, LEG]}
ALSO_LONE = {"musicOnHoldUrl"}  # documents show a text, which is read too
PARTNERS: dict[str, Any] = {"from": "447700900000", "canSpeak": [LEG], "split": "conversation"}


class Case(NamedTuple):
    """A field of an action (dotted where it stands in an object) and its rule."""

    action: str
    path: str
    rule: dict[str, Any]

    @property
    def name(self) -> str:
        """The field's own name."""
        return self.path.rpartition(".")[2]

    def fields(self, value: Any) -> dict[str, Any]:
        """The least action with this field."""
        outer, dot, name = self.path.partition(".")
        if dot:
            return {"type": [outer], outer: {name: value}}
        least = LEAST_TODAY[self.action] | ({self._needed: PARTNERS[self._needed]} if self._needed else {})
        return least | {self.path: value}

    @property
    def _needed(self) -> str:
        return str(self.rule.get("needs", "")).partition("=")[0]


CASES = [Case(name, path, rule) for name in NAMES for path, rule in ACTIONS[name]["fields"].items()]
IDS = [f"{case.action}.{case.path}" for case in CASES]


def sample(case: Case) -> Any:
    """Something that may stand in the field."""
    if "enum" in case.rule:
        return case.rule["enum"][0]
    if case.name in OWN_SAMPLES:
        return OWN_SAMPLES[case.name]
    kind = case.rule["type"]
    if "min" in case.rule:
        return case.rule["min"]
    return [URL] if kind == "array[string]" and case.name.endswith("Url") else SAMPLES.get(kind, ["x"])


def allowed(case: Case) -> Iterator[Any]:
    """All that the table lets through: an example, every choice, both bounds, the default."""
    yield sample(case)
    yield from case.rule.get("enum", [])
    yield from (case.rule[bound] for bound in ("min", "max") if bound in case.rule)
    yield from ([0] if "zero" in case.rule else [])
    yield from ([True, False] if case.rule.get("type") == "boolean" else [])
    yield from ([".".join(["x" * 749] * 2) + "."] if "max_chars" in case.rule else [])
    if "default" in case.rule and case.path != "format":
        yield case.rule["default"]


def forbidden(case: Case) -> Iterator[Any]:
    """What the table rules out: beyond the bounds, no choice, another type, too many, too long, nothing."""
    rule = case.rule
    step = 1 if rule.get("type") == "integer" else 0.1
    yield from ([rule["min"] - step] if "min" in rule else [])
    yield from ([rule["max"] + step] if "max" in rule else [])
    yield from ([f"{rule['enum'][0]}x", rule["enum"][0].swapcase()] if "enum" in rule else [])
    yield from (["##", "a", ""] if "pattern" in rule else [])
    yield from (["x" * (rule["max_chars"] + 1)] if "max_chars" in rule else [])
    yield from ([TOO_MANY[case.name], []] if "items_exactly" in rule else [])
    kind = re.split(r"\W", rule.get("type", ""))[0]
    if kind in MISFITS and case.name not in ALSO_LONE:
        yield MISFITS[kind]
    if rule.get("required") is True:
        yield None


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_every_rule_of_the_table_is_understood(case: Case) -> None:
    """There is no rule that these tests would pass over."""
    assert set(case.rule) <= RULES | WORDS
    assert {"type", "enum", "pattern"} & set(case.rule)
    if "pattern" in case.rule:
        assert re.fullmatch(case.rule["pattern"], sample(case))


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_what_the_table_allows_is_read_and_written_alike(case: Case) -> None:
    """An example, every choice, each bound and the default of every field are taken, and the schema agrees."""
    generation: Generation = "2018" if case.path == "voiceName" else "today"
    for value in allowed(case):
        fields = case.fields(value)
        wire = to_wire(parse_ncco([{"action": case.action, **fields}]), generation)
        assert [{"action": case.action, **fields}] == wire
        assert [] == problems_of(wire)


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_what_the_table_rules_out_is_refused_by_name(case: Case) -> None:
    """Whatever lies beyond a field's rule is refused, and the error names the field."""
    for value in forbidden(case):
        with pytest.raises(InvalidInput) as refusal:
            parse_ncco([{"action": case.action, **case.fields(value)}])
        assert str(refusal.value.field).startswith(f"ncco.0.{case.path}"), value


@pytest.mark.parametrize("case", [case for case in CASES if case.rule.get("required") is True], ids=str)
def test_required_field_is_missed(case: Case) -> None:
    """Without a required field the action is refused, and the error names it."""
    fields = {name: value for name, value in LEAST[case.action].items() if name != case.path}
    with pytest.raises(InvalidInput, match="missing", check=lambda error: error.field == f"ncco.0.{case.path}"):
        parse_ncco([{"action": case.action, **fields}])


@pytest.mark.parametrize(
    ("case", "other"),
    [(case, other) for case in CASES for other in case.rule.get("exclusive_with", ())],
    ids=lambda each: each if isinstance(each, str) else f"{each.action}.{each.path}",
)
def test_fields_that_exclude_each_other_are_refused(case: Case, other: str) -> None:
    """Either alone is taken, both together are not."""
    fields = case.fields(value=True)
    parse_ncco([{"action": case.action, **fields}])
    parse_ncco([{"action": case.action, **LEAST[case.action], other: PARTNERS[other]}])
    with pytest.raises(InvalidInput, check=lambda error: error.field == f"ncco.0.{case.path}"):
        parse_ncco([{"action": case.action, **fields, other: PARTNERS[other]}])


@pytest.mark.parametrize("case", [case for case in CASES if "needs" in case.rule], ids=str)
def test_field_that_needs_another_is_refused_alone(case: Case) -> None:
    """Without what it needs, a field is refused."""
    needed = case.rule["needs"].partition("=")[0]
    fields = {name: value for name, value in case.fields(case.rule["min"]).items() if name != needed}
    with pytest.raises(InvalidInput, check=lambda error: error.field == f"ncco.0.{case.path}"):
        parse_ncco([{"action": case.action, **fields}])


@pytest.mark.parametrize("case", [case for case in CASES if "spelling_varies" in case.rule], ids=str)
def test_every_spelling_is_read_and_one_is_written(case: Case) -> None:
    """A field that is spelled in two ways is read in both."""
    for spelling in case.rule["spelling_varies"]:
        fields = LEAST[case.action] | {spelling: sample(case)}
        (wire,) = to_wire(parse_ncco([{"action": case.action, **fields}]), "today")
        assert sample(case) == wire[case.path]


@pytest.mark.parametrize("case", [case for case in CASES if "fields" in case.rule], ids=str)
def test_object_has_the_fields_of_the_table(case: Case) -> None:
    """Our example of an object has all its fields, and no others would be taken."""
    assert set(case.rule["fields"]) == set(sample(case))
    with pytest.raises(InvalidInput, check=lambda error: error.field == f"ncco.0.{case.path}.other"):
        parse_ncco([{"action": case.action, **case.fields(sample(case) | {"other": 1})}])


@pytest.mark.parametrize(("name", "told"), ACTIONS["input"]["legacy_2018_flat_fields"].items())
def test_flat_fields_of_2018_are_those_of_the_table(name: str, told: str) -> None:
    """Default and bound of the older form hold, and it is written in its own generation."""
    default, most = (re.search(rf"{word} (\w+)", told) for word in ("default", "max"))
    assert default
    assert default[1] == json.dumps(Dtmf().model_dump(by_alias=True)[name])
    value = int(most[1]) if most else True
    assert [{"action": "input", name: value}] == to_wire(parse_ncco([{"action": "input", name: value}]), "2018")
    with pytest.raises(InvalidInput, check=lambda error: error.field == f"ncco.0.{name}"):
        parse_ncco([{"action": "input", name: value + 1}])


ENDPOINTS: dict[str, dict[str, Any]] = {
    "phone.number": PHONE,
    "phone.dtmfAnswer": PHONE | {"dtmfAnswer": "1p#"},
    "phone.onAnswer.url": PHONE | {"onAnswer": {"url": URL}},
    "phone.onAnswer.ringbackTone": PHONE | {"onAnswer": {"url": URL, "ringbackTone": URL}},
    "phone.shaken": PHONE | {"shaken": "x"},
    "websocket.uri": SOCKET,
    "websocket.content-type": SOCKET | {"content-type": "audio/l16;rate=8000"},
    "websocket.headers": SOCKET | {"headers": {"a": 1}},
    "websocket.authorization": SOCKET | {"authorization": {"type": "vonage"}},
    "sip.uri": SIP,
    "sip.headers": SIP | {"headers": {"a": "b"}},
    "sip.standardHeaders|standard_headers": SIP | {"standardHeaders": {"User-to-User": "x"}},
    "sip.user+domain": {"type": "sip", "user": "a", "domain": "example.com"},
}
NOT_KPNS = {"app.user": {"type": "app", "user": "x"}, "vbc.extension": {"type": "vbc", "extension": "1"}}


def test_every_endpoint_of_the_table_is_a_case() -> None:
    """Each kind of endpoint and each of its fields is tried here, or refused as not in KPN's product."""
    listed = ACTIONS["connect"]["endpoints"].items()
    expected = {f"{kind}.{field.removesuffix('(sdk)')}" for kind, fields in listed for field in fields}
    assert expected == set(ENDPOINTS) | set(NOT_KPNS)


@pytest.mark.parametrize("name", ENDPOINTS)
def test_endpoint_is_read_and_written_alike(name: str) -> None:
    """An endpoint with this field is taken by connect, and written as it was."""
    wire = to_wire(parse_ncco([{"action": "connect", "endpoint": [ENDPOINTS[name]]}]), "today")
    assert [{"action": "connect", "endpoint": [ENDPOINTS[name]]}] == wire
    assert [] == problems_of(wire)


@pytest.mark.parametrize("name", NOT_KPNS)
def test_endpoint_outside_the_product_is_refused(name: str) -> None:
    """What KPN does not sell is refused by its type."""
    with pytest.raises(InvalidInput, check=lambda error: error.field == "endpoint.type"):
        parse_endpoint(NOT_KPNS[name])


@pytest.mark.parametrize("name", NAMES)
def test_who_counts_against_the_call_rate_is_counted(name: str) -> None:
    """The actions that cost a token are those that the table names."""
    counted = int(ACTIONS[name].get("counts_against_call_rate", False))
    assert counted == connects(parse_ncco([{"action": name, **LEAST[name]}]))


def test_withdrawn_action_is_refused() -> None:
    """What the carrier withdrew is not emitted."""
    withdrawn = [name for name, told in ACTIONS.items() if told.get("status") == "do not emit"]
    assert ["pay"] == withdrawn
    for name in withdrawn:
        with pytest.raises(InvalidInput, check=lambda error: error.field == "ncco.0.action"):
            parse_ncco([{"action": name}])


@pytest.mark.parametrize("kind", LATER_FIELDS)
def test_what_the_schema_lacks_is_in_the_table(kind: str) -> None:
    """Each field that our NCCOs may have besides the published schema stands in the table, and not in the schema."""
    if kind in ACTIONS:
        told = {path.partition(".")[0] for path in ACTIONS[kind]["fields"]}
    else:
        listed = ACTIONS["connect"]["endpoints"][kind]
        told = {name for field in listed for name in re.split(r"[|+.(]", field)}
    assert LATER_FIELDS[kind] <= told
    assert not LATER_FIELDS[kind] & listed_fields(kind)


@pytest.mark.parametrize(
    "wire",
    [
        {"action": "talk", "text": "x", "bargein": True},
        {"action": "talk", "text": "x" * 1501},
        {"action": "talk", "text": None},
        {"action": "talk", "text": "x", "voiceName": "Lotje"},
        {"action": "wait", "seconds": 1},
        {"action": "connect", "endpoint": [PHONE | {"dtmf": "1"}]},
        {"action": "connect", "endpoint": [PHONE | {"number": "12"}]},
        {"action": "input", "maxDigits": 21},
        {"action": "pay"},
    ],
)
def test_schema_would_object(wire: dict[str, Any]) -> None:
    """The check itself finds fault with what is wrong."""
    assert problems_of([wire])
