"""Wherever the API is deployed, the memory it may take has room for the readers of hostile spreadsheets."""

from __future__ import annotations

import pytest

from dialer.importing.sheets import MOST_AT_ONCE, MOST_KEPT_BYTES
from dialer.spreadsheet import MAX_MEMORY_BYTES
from tests.fakes.chart import named, rendered
from tests.fakes.compose import services
from tests.fakes.units import SERVICES, options_of

ITS_OWN = 256 << 20
"""At 300 calls a second it takes 107 MB, and an import some more."""
UNITS = {"M": 1 << 20, "G": 1 << 30}


def in_bytes(text: str) -> int:
    """`2g`, `2Gi` or `2G`."""
    number = text.rstrip("GMgmi")
    return int(number) * UNITS[text[len(number)].upper()]


def limits() -> dict[str, str]:
    """What the API may take, by where it runs."""
    (container,) = named(rendered({}), "Deployment", "api")["spec"]["template"]["spec"]["containers"]
    unit = next(path for path in SERVICES if "api" in path.name)
    return {
        "chart": container["resources"]["limits"]["memory"],
        "compose": services()["api"]["deploy"]["resources"]["limits"]["memory"],
        "unit": options_of(unit)["MemoryMax"][-1],
    }


@pytest.mark.parametrize("place", ["chart", "compose", "unit"])
def test_hostile_spreadsheets_do_not_take_the_api_with_them(place: str) -> None:
    """Kubernetes and systemd end all of it where one process takes more than there is: people would hear silence."""
    # A container's folder for them is in memory.
    kept = MOST_KEPT_BYTES if place == "compose" else 0
    assert in_bytes(limits()[place]) >= MOST_AT_ONCE * MAX_MEMORY_BYTES + ITS_OWN + kept


def test_spreadsheets_on_their_way_have_room() -> None:
    """Kubernetes ends a pod whose folder is larger than it may be; a container's disk would be full."""
    (folder,) = (
        one
        for one in named(rendered({}), "Deployment", "api")["spec"]["template"]["spec"]["volumes"]
        if one["name"] == "tmp"
    )
    (mounted,) = services()["api"]["tmpfs"]

    assert in_bytes(folder["emptyDir"]["sizeLimit"]) > MOST_KEPT_BYTES
    assert in_bytes(mounted.partition("size=")[2]) > MOST_KEPT_BYTES
