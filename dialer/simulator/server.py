"""The stand-in as one object: `async with Simulator(config) as sim`, its addresses, and all that tests ask of it."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from aiohttp import web

from dialer.simulator import remote, routes
from dialer.simulator.config import SimulatorConfig
from dialer.simulator.exchange import Exchange
from dialer.simulator.faults import Faults
from dialer.simulator.gateway import Gateway
from dialer.simulator.journal import Journal, RequestRecord, Summary
from dialer.simulator.phones import Phone, digits
from dialer.simulator.recordings import Recording
from dialer.simulator.tokens import TokenDesk
from dialer.simulator.views import ConferenceView, LegView
from dialer.simulator.wire import Wire


class Simulator:
    """A running carrier. `faults` may be changed at any time."""

    def __init__(self, config: SimulatorConfig | None = None) -> None:
        self.config = config or SimulatorConfig()
        self.faults = Faults(
            self.config.seed, self.config.place_faults, self.config.webhook_faults, self.config.recording_faults
        )
        self.tokens = TokenDesk(self.config)
        self._exchange = Exchange(self.config, self.faults)
        self._runner: web.AppRunner | None = None
        self._origin = ""

    async def __aenter__(self) -> Self:
        # A slow reply must not hold up the end of a test.
        self._runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.config.host, self.config.port, backlog=1024).start()
        port = self._runner.addresses[0][1]
        self._origin = f"http://{self.config.host}:{port}"
        self._exchange.archive.origin = self._origin
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        await self._exchange.close()

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return self._origin

    @property
    def url(self) -> str:
        """The carrier's base, as `DIALER_CARRIER_URL` wants it."""
        return self._origin + routes.BASE

    @property
    def token_url(self) -> str:
        """Where tokens are issued, as `DIALER_CARRIER_TOKEN_URL` wants it."""
        return self._origin + routes.TOKEN_PATH

    @property
    def token_server_up(self) -> bool:
        """Whether the token server answers."""
        return self.tokens.is_up()

    @token_server_up.setter
    def token_server_up(self, up: bool) -> None:
        self.tokens.up = up

    @property
    def journal(self) -> Journal:
        """The account it keeps; `journal.listener` is told of each request."""
        return self._exchange.journal

    @property
    def log(self) -> list[RequestRecord]:
        """Every request in the order of judging (the last 1000 without `keep_log`)."""
        return list(self.journal.records)

    @property
    def refused(self) -> int:
        """Placings over the limit."""
        return self.journal.refused

    @property
    def webhook_failures(self) -> int:
        """Deliveries that were given up."""
        return self._exchange.webhooks.failures

    @property
    def live(self) -> int:
        """Calls that are up."""
        return self._exchange.live

    def revoke_tokens(self) -> None:
        """Every token issued so far is refused from now on."""
        self.tokens.revoke()

    def phone(self, number: str) -> Phone:
        """The phone of a number, to be told what to do."""
        return self._exchange.phone(number)

    def rings(self, number: str) -> int:
        """How often it rang."""
        return self.journal.rings.get(digits(number), 0)

    def heard(self, number: str) -> list[str]:
        """The texts spoken to whoever picked it up."""
        return list(self.journal.heard.get(digits(number), ()))

    def phone_log(self, number: str) -> list[LegView]:
        """All calls to a number or URI, oldest first, as its owner knows them."""
        return [LegView.of(leg) for leg in self._exchange.legs_of(number)]

    def leg(self, number: str) -> LegView:
        """The latest of them; raises LookupError where it was never called."""
        return LegView.of(self._exchange.legs_of(number)[-1])

    def hang_up(self, number: str) -> None:
        """Whoever is on the phone with this number hangs up now."""
        self._exchange.hang_up(number)

    def conference(self, name: str, application_id: str | None = None) -> ConferenceView:
        """A conference by name, before, while and after there are people in it."""
        return ConferenceView(self._exchange.conferences, name, application_id)

    @property
    def conferences(self) -> list[str]:
        """The names of all that were ever opened."""
        return [room.name for room in self._exchange.conferences]

    @property
    def recordings(self) -> list[Recording]:
        """Everything that is or was recorded, in the order of its beginning."""
        return list(self._exchange.archive)

    def peak(self, window_s: float = 1.0) -> int:
        """The most accepted placings in any stretch of this many of our seconds."""
        return self.journal.arrivals.peak_in(window_s)

    def summary(self) -> Summary:
        """The account of the run so far."""
        return self._exchange.summary()

    async def quiet(self) -> None:
        """Wait until no call is up and no webhook under way."""
        await self._exchange.quiet()

    def _app(self) -> web.Application:
        app = web.Application()
        remote.Remote(self._exchange, self.tokens).add_to(app)
        gateway = Gateway(self._exchange, self.tokens)
        routes.Routes(self._exchange, gateway, Wire(self.config, self.journal)).add_to(app)
        return app
