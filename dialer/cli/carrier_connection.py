"""Asking the carrier from the command line, without API and Redis: for what comes before the first start."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import click

from dialer.cli.stand_in import carrier_settings
from dialer.errors import InvalidInput
from dialer.model import MAIN
from dialer.providers.base import Provider
from dialer.providers.kpn import kpn_without_fleet
from dialer.settings import Settings


@dataclass(frozen=True, slots=True)
class Carrier:
    """The carrier's account, and the settings that name it."""

    provider: Provider
    settings: Settings


def talks_to_carrier(command: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Make a click function of a coroutine function that wants the carrier first."""

    @click.option("--trunk", default=MAIN, show_default=True, help="Ask this carrier account.")
    @functools.wraps(command)
    def run(*args: Any, trunk: str, **options: Any) -> None:
        asyncio.run(_with_carrier(command, trunk, *args, **options))

    return run


async def _with_carrier(command: Callable[..., Awaitable[None]], trunk: str, *args: Any, **options: Any) -> None:
    settings = carrier_settings().over(trunk)
    async with aiohttp.ClientSession() as http:
        provider = kpn_without_fleet(settings, http)
        if settings.plays_carrier:
            click.echo(f"This is a stand-in at {settings.carrier_url}, not a carrier.", err=True)
        try:
            await command(Carrier(provider, settings), *args, **options)
        except InvalidInput as error:
            raise _naming_option(error) from error
        finally:
            await provider.aclose()


def _naming_option(error: InvalidInput) -> InvalidInput:
    """What is wrong with a field, said of the option that gave it; settings name themselves."""
    field = error.field or ""
    return InvalidInput(f"--{field.replace('_', '-')}: {error}", field=field) if field.islower() else error
