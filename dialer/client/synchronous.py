"""The client for programs that are not async: the same methods, waited for."""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

from anyio.from_thread import start_blocking_portal

from dialer.client.account import AsyncApplications, AsyncTrunks, AsyncVoices
from dialer.client.asynchronous import AsyncDialer
from dialer.client.audit import AsyncAudit
from dialer.client.blocking import Blocking, Iterating, Waiting
from dialer.client.callbacks import AsyncCallbacks
from dialer.client.calls import AsyncCalls
from dialer.client.campaigns import AsyncCampaigns
from dialer.client.conferences import AsyncConferences
from dialer.client.escalations import AsyncEscalations
from dialer.client.events import AsyncEvents
from dialer.client.forecasts import AsyncForecasts
from dialer.client.keys import AsyncKeys
from dialer.client.numbers import AsyncNumbers
from dialer.client.recordings import AsyncRecordings
from dialer.client.suppressions import AsyncSuppressions


class Applications(Blocking[AsyncApplications]):
    """`/v1/applications`; `trunk` names the carrier account, the main one if left out."""

    all = Waiting(AsyncApplications.all)
    get = Waiting(AsyncApplications.get)
    create = Waiting(AsyncApplications.create)
    change = Waiting(AsyncApplications.change)
    delete = Waiting(AsyncApplications.delete)


class Audit(Blocking[AsyncAudit]):
    """`/v1/audit`; moments are datetimes with a zone, or text in ISO 8601."""

    all = Iterating(AsyncAudit.all)
    export = Iterating(AsyncAudit.export)
    verify = Waiting(AsyncAudit.verify)


class Callbacks(Blocking[AsyncCallbacks]):
    """`/v1/callbacks`."""

    all = Iterating(AsyncCallbacks.all)
    retry = Waiting(AsyncCallbacks.retry)
    drop = Waiting(AsyncCallbacks.drop)


class Calls(Blocking[AsyncCalls]):
    """`/v1/calls`."""

    create = Waiting(AsyncCalls.create)
    get = Waiting(AsyncCalls.get)
    explain = Waiting(AsyncCalls.explain)
    order = Waiting(AsyncCalls.order)


class Campaigns(Blocking[AsyncCampaigns]):
    """`/v1/campaigns`."""

    create = Waiting(AsyncCampaigns.create)
    create_again = Waiting(AsyncCampaigns.create_again)
    copied = Waiting(AsyncCampaigns.copied)
    get = Waiting(AsyncCampaigns.get)
    all = Iterating(AsyncCampaigns.all)
    change = Waiting(AsyncCampaigns.change)
    change_windows = Waiting(AsyncCampaigns.change_windows)
    start = Waiting(AsyncCampaigns.start)
    pause = Waiting(AsyncCampaigns.pause)
    resume = Waiting(AsyncCampaigns.resume)
    cancel = Waiting(AsyncCampaigns.cancel)
    preview_hang_up = Waiting(AsyncCampaigns.preview_hang_up)
    hang_up = Waiting(AsyncCampaigns.hang_up)
    import_calls = Waiting(AsyncCampaigns.import_calls)
    import_file = Waiting(AsyncCampaigns.import_file)
    import_state = Waiting(AsyncCampaigns.import_state)
    rejected = Iterating(AsyncCampaigns.rejected)
    preview = Waiting(AsyncCampaigns.preview)
    calls = Iterating(AsyncCampaigns.calls)
    results = Iterating(AsyncCampaigns.results)
    explain = Waiting(AsyncCampaigns.explain)
    forecast = Waiting(AsyncCampaigns.forecast)
    check = Waiting(AsyncCampaigns.check)


class Conferences(Blocking[AsyncConferences]):
    """`/v1/conferences`."""

    create = Waiting(AsyncConferences.create)
    get = Waiting(AsyncConferences.get)
    all = Iterating(AsyncConferences.all)
    end = Waiting(AsyncConferences.end)
    add_member = Waiting(AsyncConferences.add_member)
    mute = Waiting(AsyncConferences.mute)
    unmute = Waiting(AsyncConferences.unmute)
    drop = Waiting(AsyncConferences.drop)
    call_again = Waiting(AsyncConferences.call_again)


class Escalations(Blocking[AsyncEscalations]):
    """`/v1/escalations`."""

    create = Waiting(AsyncEscalations.create)
    get = Waiting(AsyncEscalations.get)
    all = Iterating(AsyncEscalations.all)
    confirm = Waiting(AsyncEscalations.confirm)
    end = Waiting(AsyncEscalations.end)


class Events(Blocking[AsyncEvents]):
    """`/v1/events`."""

    listen = Iterating(AsyncEvents.listen)


class Forecasts(Blocking[AsyncForecasts]):
    """`/v1/forecasts`."""

    check = Waiting(AsyncForecasts.check)
    check_list = Waiting(AsyncForecasts.check_list)


class Keys(Blocking[AsyncKeys]):
    """`/v1/keys` and `/v1/me`."""

    create = Waiting(AsyncKeys.create)
    all = Waiting(AsyncKeys.all)
    get = Waiting(AsyncKeys.get)
    own = Waiting(AsyncKeys.own)
    revoke = Waiting(AsyncKeys.revoke)


class Numbers(Blocking[AsyncNumbers]):
    """`/v1/numbers` and `/v1/erasures`."""

    find = Waiting(AsyncNumbers.find)
    erase = Waiting(AsyncNumbers.erase)
    erasure = Waiting(AsyncNumbers.erasure)
    check_proof = Waiting(AsyncNumbers.check_proof)


class Recordings(Blocking[AsyncRecordings]):
    """`/v1/recordings`."""

    all = Iterating(AsyncRecordings.all)
    get = Waiting(AsyncRecordings.get)
    audio = Iterating(AsyncRecordings.audio)
    delete = Waiting(AsyncRecordings.delete)


class Suppressions(Blocking[AsyncSuppressions]):
    """`/v1/suppressions` and `/v1/suppression-lists`; `on` names a list, that of all campaigns if left out."""

    add = Waiting(AsyncSuppressions.add)
    remove = Waiting(AsyncSuppressions.remove)
    check = Waiting(AsyncSuppressions.check)
    all = Iterating(AsyncSuppressions.all)
    import_numbers = Waiting(AsyncSuppressions.import_numbers)
    export = Iterating(AsyncSuppressions.export)
    lists = Waiting(AsyncSuppressions.lists)
    drop_list = Waiting(AsyncSuppressions.drop_list)


class Trunks(Blocking[AsyncTrunks]):
    """`/v1/trunks`."""

    all = Waiting(AsyncTrunks.all)


class Voices(Blocking[AsyncVoices]):
    """`/v1/voices`."""

    all = Waiting(AsyncVoices.all)


class Dialer:
    """One dialer's API, its routes in groups; open it with `with`. Arguments and errors are those of AsyncDialer.

    It may be used by several threads at once.
    """

    def __init__(self, url: str | None = None, api_key: str | None = None, **options: Any) -> None:
        self._asynchronous = AsyncDialer(url, api_key, **options)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            portal = stack.enter_context(start_blocking_portal())
            stack.enter_context(portal.wrap_async_context_manager(self._asynchronous))
            self._stack = stack.pop_all()
        dialer = self._asynchronous
        self.applications = Applications(portal, dialer.applications)
        self.audit = Audit(portal, dialer.audit)
        self.callbacks = Callbacks(portal, dialer.callbacks)
        self.calls = Calls(portal, dialer.calls)
        self.campaigns = Campaigns(portal, dialer.campaigns)
        self.conferences = Conferences(portal, dialer.conferences)
        self.escalations = Escalations(portal, dialer.escalations)
        self.events = Events(portal, dialer.events)
        self.forecasts = Forecasts(portal, dialer.forecasts)
        self.keys = Keys(portal, dialer.keys)
        self.numbers = Numbers(portal, dialer.numbers)
        self.recordings = Recordings(portal, dialer.recordings)
        self.suppressions = Suppressions(portal, dialer.suppressions)
        self.trunks = Trunks(portal, dialer.trunks)
        self.voices = Voices(portal, dialer.voices)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    @property
    def url(self) -> str:
        """Its address."""
        return self._asynchronous.url
