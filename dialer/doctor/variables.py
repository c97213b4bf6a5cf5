"""The settings: all there, none misspelt, secrets long enough, a caller id that can be one, a voice to speak with."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from pydantic import SecretStr

from dialer.doctor.finding import Finding, failed, ok, skipped, warning
from dialer.doctor.patient import Patient
from dialer.errors import InvalidInput
from dialer.phone import parse_number
from dialer.settings import CARRIER_FIELDS, PREFIX, TRUNK_FIELDS, Settings, environment_name, trunk_variable
from dialer.settings.secret_files import names_of_secrets
from dialer.tracing import traces_class
from dialer.voices import check_voice

NEEDED = ("redis_url", "public_url", "api_key", "webhook_secret", *CARRIER_FIELDS)
_SECRETS = ("api_key", "webhook_secret")
_ADVISED_LENGTH = 16
_CLIENTS = "DIALER_URL"  # no setting of ours: where clients find us


async def complete(patient: Patient) -> Finding:
    """Everything that a live day needs is set."""
    missing = [name for name in NEEDED if getattr(patient.settings, name) is None]
    if missing:
        about = (f"{environment_name(name)}: {Settings.model_fields[name].description}" for name in missing)
        return failed(f"not set: {', '.join(map(environment_name, missing))}", "\n".join(about))
    if patient.settings.plays_carrier:
        return warning(
            f"all {len(NEEDED)} are set, for a stand-in at {patient.settings.carrier_url}: no phone rings",
            "This looks at the stand-in, not at a carrier: for a live day set the carrier's own, and end the stand-in.",
        )
    return ok(f"all {len(NEEDED)} are set")


async def spelt(patient: Patient) -> Finding:
    """No variable, and no file among the secrets, looks like a setting and is none."""
    names = {*patient.environment, *names_of_secrets(patient.settings.secrets_dir)}
    return misspelt(names, patient.settings.trunks)


def misspelt(names: Iterable[str], trunks: Iterable[str] = ()) -> Finding:
    """The finding about variables of these names, where there are such further trunks."""
    known = [_CLIENTS, *(environment_name(name) for name in Settings.model_fields)]
    known += [trunk_variable(trunk, name) for trunk in trunks for name in TRUNK_FIELDS]
    strange = sorted(name for name in names if name.upper().startswith(PREFIX) and name.upper() not in known)
    if not strange:
        return ok(f"no unknown {PREFIX}* is set")
    meant = (f"{name}: did you mean {_nearest(name, known)}?" for name in strange)
    return warning(f"set, but no settings: {', '.join(strange)}", "\n".join(meant))


async def secret(patient: Patient) -> Finding:
    """Nobody guesses the two secrets."""
    told = {name: getattr(patient.settings, name) for name in _SECRETS}
    given = {name: value.get_secret_value() for name, value in told.items() if isinstance(value, SecretStr)}
    short = [environment_name(name) for name, value in given.items() if len(value) < _ADVISED_LENGTH]
    advice = 'Make one with: python3 -c "import secrets; print(secrets.token_urlsafe(24))"'
    if short:
        return warning(f"shorter than {_ADVISED_LENGTH} characters: {', '.join(short)}", advice)
    if len(given) > len(set(given.values())):
        return warning("API key and webhook secret are the same", f"They protect different things. {advice}")
    return ok(f"{len(given)} of {_ADVISED_LENGTH} characters or more") if given else skipped("none is set")


async def traces(patient: Patient) -> Finding:
    """What makes traces is installed, where they are switched on: no process would start without it."""
    if not patient.settings.tracing:
        return ok("off")
    try:
        traces_class()
    except InvalidInput as error:
        return failed("on, and OpenTelemetry is not installed", str(error))
    return ok("on")


async def caller_id(patient: Patient) -> Finding:
    """The number that people see can be one."""
    number = patient.settings.from_number
    advice = f"Set {environment_name('from_number')} to a number of the account, such as +31201234567."
    if number is None:
        return skipped("none is set")
    try:
        parse_number(number, patient.settings.default_region)
    except InvalidInput as error:
        return warning(f"{number} may be refused: {error}", advice)
    return ok(f"{number}, in E.164")


async def voice(patient: Patient) -> Finding:
    """A text that names no language is spoken."""
    settings = patient.settings
    try:
        found = check_voice(settings.default_language, 0, settings.carrier_generation)
    except InvalidInput as error:
        names = f"{environment_name('default_language')} or {environment_name('carrier_generation')}"
        return failed(str(error), f"Change {names}; `dialer voices` lists what there is.")
    return ok(f"{found.language} is spoken by {found.name} (generation {settings.carrier_generation})")


def _nearest(name: str, known: list[str]) -> str:
    return (get_close_matches(name.upper(), known, n=1, cutoff=0.0) or known)[0]
