"""The one test call: what it says, and what its end means. Placed like any other call, through `POST /v1/calls`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dialer.dispositions import Disposition
from dialer.doctor.finding import Finding, failed, ok, warning
from dialer.phone import mask
from dialer.settings import Settings

Json = dict[str, Any]

_TEXTS: Mapping[str, str] = {
    "nl": "Dit is een proefoproep van de dialer. Alles werkt. U hoeft niets te doen.",
    "de": "Dies ist ein Testanruf des Dialers. Alles funktioniert. Sie müssen nichts tun.",
    "fr": "Ceci est un appel de test du dialer. Tout fonctionne. Vous n'avez rien à faire.",
}
_ENGLISH = "This is a test call of the dialer. Everything works. You need not do anything."
# Not told by the carrier: found by the sweeper instead.
_NO_WEBHOOKS = {"listed", "asked", "given_up", "no_reason"}
_FETCHED = "answer_fetched"
_HEARD = {Disposition.ANSWERED, Disposition.CONFIRMED, Disposition.MACHINE}
_RANG = {Disposition.BUSY, Disposition.NO_ANSWER, Disposition.REJECTED}
_LOOK = "Look at the call's attempts: GET /v1/calls/"
_REACH = "The carrier's webhooks do not arrive: see the step `reached from outside`, and the firewall in front of it."


def body(settings: Settings, number: str) -> Json:
    """The call to place: urgent, in the default language where there is a text for it, else in English."""
    text = _TEXTS.get(settings.default_language.partition("-")[0])
    language = settings.default_language if text else "en-GB"
    return {"number": number, "priority": "urgent", "script": {"text": text or _ENGLISH, "language": language}}


def longest_s(settings: Settings) -> float:
    """How long to watch: ringing, speaking, and until a call that tells nothing is given up."""
    return settings.ringing_timer_s + settings.unknown_hold_s + 60


def told(call: Json) -> list[str]:
    """The kinds of webhook that came for the call, in their order."""
    return [event["kind"] for event in _events(call) if event["kind"] not in _NO_WEBHOOKS]


def judged(call: Json) -> Finding:
    """What became of a call that is done."""
    disposition, kinds = Disposition(call["disposition"]), told(call)
    found = f"{mask(call['number'])}: {disposition}, webhooks: {', '.join(kinds) or 'none'}"
    if not kinds:
        return failed(found, _REACH)
    if disposition in _RANG:
        return warning(found, "The call went out and nobody heard it: try again and pick up.")
    if disposition not in _HEARD:
        return failed(f"{found}{_reason(call)}", f"{_LOOK}{call['id']}.")
    if _FETCHED not in kinds:
        return failed(f"{found}; what to say was never asked for", _REACH)
    return ok(found)


def unended(call: Json) -> Finding:
    """What a call means that is not done in time."""
    kinds = ", ".join(told(call)) or "none"
    found = f"{mask(call['number'])}: still {call['state']}, webhooks: {kinds}"
    if call["state"] == "waiting":
        return failed(found, "Nobody placed it: see the step `workers`. It goes out as soon as a worker runs.")
    return failed(found, f"{_LOOK}{call['id']}. {'' if told(call) else _REACH}".rstrip())


def _events(call: Json) -> list[Json]:
    return [event for attempt in call["attempts"] for event in attempt["events"]]


def _reason(call: Json) -> str:
    """The carrier's own answer to the last attempt, where it tells more."""
    results = [attempt["result"] for attempt in call["attempts"] if attempt["result"]]
    return f", {results[-1]}" if results else ""
