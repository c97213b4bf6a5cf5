"""The carrier: does it grant a token, is Voice among the products, is the application there, are recordings ours."""

from __future__ import annotations

from dataclasses import replace

from dialer.doctor.finding import Finding, State, failed, ok, skipped, warning
from dialer.doctor.patient import Patient
from dialer.errors import CarrierError
from dialer.providers.kpn import names_voice
from dialer.settings import environment_name

_LEAST_LIFE_S = 300  # renewed two minutes ahead; KPN's live an hour
_APPLICATION = environment_name("carrier_application_id")


async def token(patient: Patient) -> Finding:
    """An access token is granted."""
    if patient.carrier is None:
        return skipped("client id and secret are not set")
    try:
        access = await patient.carrier.check_access()
    except CarrierError as error:
        return failed(str(error), _mend(error))
    found = f"granted for {access.lifetime_s:.0f} s, status {access.status or 'not told'}"
    if access.lifetime_s < _LEAST_LIFE_S:
        return warning(found, "So short a life makes many renewals: ask KPN whether the project is in order.")
    return ok(found)


async def product(patient: Patient) -> Finding:
    """Voice is among the products of the project."""
    products = (await patient.provider.check_access()).products
    told = ", ".join(sorted(products))
    if names_voice(products):
        return ok(told)
    advice = "Add the product Vonage Voice to the project in KPN's developer portal."
    if not products:
        return warning("the token server names none", f"If calls are refused: {advice}")
    return failed(f"none of these looks like Voice: {told}", advice)


async def application(patient: Patient) -> Finding:
    """The application is there and for calls."""
    application_id = patient.settings.carrier_application_id
    if application_id is None:
        return failed(
            "none is set", f"Set {_APPLICATION}: see `dialer app list`, or make one with `dialer app create`."
        )
    try:
        found = await patient.provider.applications.get(application_id)
    except CarrierError as error:
        return failed(str(error), _mend(error))
    if found is None and patient.settings.plays_carrier:
        return ok(f"{application_id}: the stand-in takes any")
    if found is None:
        advice = f"Set {_APPLICATION} to one of `dialer app list`, or make one with `dialer app create`."
        return failed(f"the carrier has none of the id {application_id}", advice)
    if "voice" not in found.capabilities:
        kinds = ", ".join(sorted(found.capabilities)) or "nothing that is told"
        return failed(f"{application_id} is for {kinds}, not for voice", "Make another with `dialer app create`.")
    return ok(f"{application_id} ({found.name}), for {', '.join(sorted(found.capabilities))}")


async def recordings(patient: Patient) -> Finding:
    """Recordings of the application can be fetched."""
    if patient.settings.carrier_application_id is None:
        return skipped(f"{_APPLICATION} is not set")
    try:
        issued = await patient.provider.recording_token()
    except CarrierError as error:
        return warning(str(error), "Calls go out, but recordings cannot be fetched: ask KPN about the path /jwt.")
    return ok(f"a token of {len(issued)} characters is issued")


async def trunks(patient: Patient) -> Finding:
    """Each further account grants a token, has Voice and knows its application."""
    if not patient.further:
        return ok("main alone")
    found = {trunk: await _wrong_with(trunk, patient) for trunk in patient.further}
    bad = {trunk: finding for trunk, finding in found.items() if finding}
    if not bad:
        return ok(f"{', '.join(found)}: each has a token, Voice and its application")
    return failed(
        "; ".join(f"{trunk}: {finding.found}" for trunk, finding in bad.items()),
        "\n".join(f"{trunk}: {finding.advice}" for trunk, finding in bad.items()),
    )


async def _wrong_with(trunk: str, patient: Patient) -> Finding | None:
    seen = replace(patient, settings=patient.settings.over(trunk), carrier=patient.further[trunk])
    for look in (token, product, application):
        finding = await look(seen)
        if finding.state is State.FAILED:
            return finding
    return None


def _mend(error: CarrierError) -> str:
    if error.retryable:
        return "Try again in a minute; if it stays, look at the carrier's status page and at this machine's network."
    return "Check the credentials against the project in KPN's developer portal."
