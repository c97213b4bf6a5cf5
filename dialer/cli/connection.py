"""Which dialer a command talks to, and with what key: options, environment, or the `dialer up` of this data folder."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec

import click
import stamina

from dialer.cli.configuration import base_url
from dialer.cli.credentials import load_credentials
from dialer.client import AsyncDialer
from dialer.client.asynchronous import URL
from dialer.errors import InvalidInput
from dialer.processes.folder import owner_of
from dialer.settings import Settings, load_settings

P = ParamSpec("P")

url_option: Callable[[Any], Any] = click.option(
    "--url", envvar=URL, help=f"Address of the dialer API.  [default: {URL}, or the `dialer up` found here]"
)
key_option: Callable[[Any], Any] = click.option(
    "--api-key", help="Its key.  [default: DIALER_API_KEY, or the one that `dialer up` made]"
)


@dataclass(frozen=True, slots=True)
class Address:
    """Where an API is and what it wants to hear."""

    url: str
    api_key: str


def talks_to_api(command: Callable[Concatenate[AsyncDialer, P], Awaitable[None]]) -> Callable[..., None]:
    """Make a click function of a coroutine function that wants a client first; adds --url and --api-key."""

    @click.option(
        "--url", envvar=URL, help=f"Address of the dialer API.  [default: {URL}, or the `dialer up` found here]"
    )
    @click.option("--api-key", help="Its key.  [default: DIALER_API_KEY, or the one that `dialer up` made]")
    @functools.wraps(command)
    def run(*args: Any, url: str | None, api_key: str | None, **options: Any) -> None:
        asyncio.run(with_client(command, find_address(url, api_key), *args, **options))

    return run


def find_address(url: str | None, api_key: str | None) -> Address:
    """The address and key to use. Raises InvalidInput when there is no key anywhere."""
    settings = load_settings()
    return Address(url or _listening_at(settings), api_key or _kept_key(settings))


async def with_client(command: Callable[..., Awaitable[None]], address: Address, *args: Any, **options: Any) -> None:
    """Run a coroutine function with a client of this address."""
    async with open_dialer(address.url, address.api_key) as dialer:
        await command(dialer, *args, **options)


def open_dialer(url: str, api_key: str) -> AsyncDialer:
    """A client for `async with`; that it asks again is nothing to tell a person of, nor a program that reads us."""
    stamina.instrumentation.set_on_retry_hooks(())
    return AsyncDialer(url, api_key)


def _listening_at(settings: Settings) -> str:
    owner = owner_of(settings.data_dir)
    if owner is not None and owner.api_url is not None and "port" not in settings.model_fields_set:
        return owner.api_url
    return base_url(settings.host, settings.port)


def _kept_key(settings: Settings) -> str:
    if settings.api_key is not None:
        return settings.api_key.get_secret_value()
    kept = load_credentials(settings.data_dir)
    if kept is None:
        raise InvalidInput(
            "No API key: set DIALER_API_KEY or give --api-key. `dialer up` makes one, and it is found by itself where "
            "DIALER_DATA_DIR is as it was there.",
            field="DIALER_API_KEY",
        )
    return kept.api_key
