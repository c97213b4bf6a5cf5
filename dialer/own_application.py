"""The Voice application that this dialer asks its carrier for, from what a person chose and the settings.

An application must have an answer and an event URL. Each call of this dialer carries its own, signed for its attempt,
so the application's are only asked for what is not ours; left out, they stand below DIALER_PUBLIC_URL, where such a
request is refused.
"""

from __future__ import annotations

from dialer.errors import InvalidInput
from dialer.providers.assets import Application, Method, NewApplication
from dialer.settings import Settings

NAME = "dialer"


def new_application(
    settings: Settings,
    name: str,
    *,
    answer_url: str | None = None,
    event_url: str | None = None,
    methods: tuple[Method, Method] = ("GET", "POST"),
) -> NewApplication:
    """What to ask for; `methods` are those of answer and event. Raises InvalidInput without any address to give."""
    answer_method, event_method = methods
    return NewApplication(
        name=name,
        answer_url=answer_url or _below(settings, "answer"),
        event_url=event_url or _below(settings, "event"),
        answer_method=answer_method,
        event_method=event_method,
    )


def changed(application: Application, **wishes: str | None) -> NewApplication:
    """An application as it is, with other values for the wishes that are not None (fields of NewApplication).

    Raises InvalidInput where the carrier tells too little of it: then that must be wished for.
    """
    told = {"name": application.name, **_hook(application, "answer"), **_hook(application, "event")}
    fields = told | {name: wish for name, wish in wishes.items() if wish is not None}
    missing = next((name for name in ("answer_url", "event_url") if not fields.get(name)), None)
    if missing:
        raise InvalidInput(f"the carrier tells no {missing} of this application: name one", field=missing)
    return NewApplication(**fields)  # type: ignore[arg-type]  # the carrier's methods are checked where they are sent


def _below(settings: Settings, kind: str) -> str:
    if settings.public_url is None:
        message = f"name the {kind} URL, or set DIALER_PUBLIC_URL to where the carrier reaches this API"
        raise InvalidInput(message, field=f"{kind}_url")
    return f"{settings.public_url}/webhooks/{kind}"


def _hook(application: Application, kind: str) -> dict[str, str]:
    hook = application.answer if kind == "answer" else application.event
    if hook is None:
        return {}
    return {f"{kind}_url": hook.url} | ({f"{kind}_method": hook.method} if hook.method else {})
