"""The typed names under which the application and a request carry things (aiohttp's AppKey and RequestKey)."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from dialer.api.auth import Caller, Doorkeeper
from dialer.api.background import Background
from dialer.api.feed import Feed
from dialer.api.import_pool import ImportPool
from dialer.runtime import Runtime

RUNTIME = web.AppKey("RUNTIME", Runtime)
DOORKEEPER = web.AppKey("DOORKEEPER", Doorkeeper)
FEED = web.AppKey("FEED", Feed)
WEBHOOK_SECRET = web.AppKey("WEBHOOK_SECRET", str)
BACKGROUND = web.AppKey("BACKGROUND", Background)
IMPORT_POOL = web.AppKey("IMPORT_POOL", ImportPool)
OPENAPI = web.AppKey("OPENAPI", bytes)
# Set when the process was asked to end, and serves a little longer.
ENDING = web.AppKey("ENDING", asyncio.Event)
# Which operation a method of a declared path is.
OPERATIONS: web.AppKey[dict[tuple[str, str], str]] = web.AppKey("OPERATIONS", dict)

REQUEST_ID = web.RequestKey("REQUEST_ID", str)
# Whoever sent it, under `/v1`.
CALLER = web.RequestKey("CALLER", Caller)
# What a handler adds to the request's one log line.
LOG_FIELDS: web.RequestKey[dict[str, Any]] = web.RequestKey("LOG_FIELDS", dict)
# A body that was read for its signature, before what it says is.
RAW_BODY = web.RequestKey("RAW_BODY", bytes)
