"""Our own processes: the API on this Redis with this key, and workers that were heard from lately."""

from __future__ import annotations

from http import HTTPStatus

import aiohttp

from dialer import keys
from dialer.doctor import reach
from dialer.doctor.finding import Finding, failed, ok, skipped
from dialer.doctor.patient import Patient


async def api(patient: Patient) -> Finding:
    """The API answers, takes our key and is the one of this Redis."""
    trouble = await reach.trouble(patient, patient.api_url)
    if trouble is not None:
        return failed(
            trouble.found, f"Run `dialer api` (or `dialer up`), or name its address with --url. {trouble.advice}"
        )
    if patient.settings.api_key is None:
        return skipped("DIALER_API_KEY is not set")
    headers = {"Authorization": f"Bearer {patient.settings.api_key.get_secret_value()}"}
    try:
        async with patient.http.get(f"{patient.api_url}/v1/campaigns?limit=1", headers=headers) as response:
            status = response.status
    except (aiohttp.ClientError, OSError) as error:
        return failed(f"{patient.api_url} broke off ({type(error).__name__})", "Look at the API's log.")
    if status == HTTPStatus.UNAUTHORIZED:
        return failed(f"{patient.api_url} wants another key", "Set the same DIALER_API_KEY here and for `dialer api`.")
    if status != HTTPStatus.OK:
        return failed(f"{patient.api_url} answers {status}", "Look at the API's log.")
    return ok(f"{patient.api_url} works on this Redis, with this key")


async def workers(patient: Patient) -> Finding:
    """Somebody places calls."""
    seconds, _ = await patient.store.time()
    alive = await patient.store.zcount(keys.WORKERS, seconds * 1000 - keys.WORKER_ALIVE_MS, "+inf")
    if not alive:
        return failed(
            f"none heard from within {keys.WORKER_ALIVE_MS // 1000} s", "Start `dialer worker` on at least one machine."
        )
    return ok(f"{alive} heard from within {keys.WORKER_ALIVE_MS // 1000} s")
