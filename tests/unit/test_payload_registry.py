"""Every published example is a case of exactly one kind of test; a new file that no test covers fails here."""

from __future__ import annotations

from collections.abc import Collection

from tests.unit import test_kpn_events as events
from tests.unit import test_kpn_payloads as rest
from tests.unit import test_ncco_payloads as flows

PAYLOADS = rest.PAYLOADS


def within(folder: str, names: Collection[str], ending: str = "") -> list[str]:
    """The examples of these names in a folder."""
    return [f"{folder}/{name}{ending}" for name in names]


KINDS: dict[str, list[str]] = {
    "answers that we read": [f"{path}.json" for path, *_ in rest.ANSWERS],
    "requests that we write": [
        f"{path}.json" for path in dict.fromkeys([path for path, _ in rest.ORDERS] + rest.CALLS)
    ],
    "requests that KPN does not take": [f"{path}.json" for path in rest.NOT_KPNS],
    "flows and endpoints that we read and write": within(
        "dotnet/ncco-and-endpoints", [name for name in (*flows.NCCOS, *flows.ENDPOINTS) if name not in flows.REFUSED]
    ),
    "endpoints that we refuse": within("dotnet/ncco-and-endpoints", flows.REFUSED),
    "recorded webhooks": within("php/captured-webhook-requests", events.CAPTURES),
    "written webhooks": within("dotnet/webhooks", events.WRITTEN, ".json"),
}


def test_every_example_is_of_one_kind() -> None:
    """Each file below tests/data/payloads stands in one table of one test, and each name in a table is a file."""
    files = sorted(path.relative_to(PAYLOADS).as_posix() for path in PAYLOADS.rglob("*") if path.is_file())
    named = sorted(name for names in KINDS.values() for name in names)

    assert files == named
    assert all(KINDS.values())
