"""What the dialer is made of: each file by its digest, licences that may be used, known faults told as such."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.audit import advisories, licences, locks


@pytest.mark.parametrize("lock", locks.LOCKS, ids=lambda lock: lock.name)
def test_lock_files_pin_every_package_by_digest(lock: Path) -> None:
    """No package comes in another version, or from another file, than the one that was looked at."""
    found = locks.pins(lock)

    assert found
    assert "://" not in lock.read_text("utf-8")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("aiohttp>=3\n", "not pinned"),
        ("aiohttp==3.14.5\n", "no SHA-256|not held"),
        ("aiohttp==3.14.5 \\\n    --hash=md5:0123\n", "not held"),
        (f"aiohttp==3.14.5 \\\n    --hash=sha256:{'0' * 64} \\\n    --index-url=x\n", "not held"),
        ("aiohttp @ file:///x\n", "not pinned"),
        ("-e .\n", "not pinned"),
    ],
)
def test_a_package_that_is_not_held_is_told(tmp_path: Path, text: str, words: str) -> None:
    """A range, a digest that is none, another source."""
    (tmp_path / "x.lock").write_text(text, "utf-8")
    with pytest.raises(ValueError, match=words):
        locks.pins(tmp_path / "x.lock")


def test_lock_files_agree() -> None:
    """What is tested is what is shipped; what audits it is apart."""
    tested = {(pin.name, pin.version) for pin in locks.pins(locks.SHIPPED.with_name("requirements-dev.lock"))}

    assert {(pin.name, pin.version) for pin in locks.pins(locks.SHIPPED)} <= tested


def test_all_that_runs_with_the_dialer_is_locked() -> None:
    """The packages whose licences are looked at are those of the lock files."""
    locked = {pin.name for lock in locks.LOCKS for pin in locks.pins(lock)}

    assert {"aiohttp", "arq", "redis", "obstore", "arro3-core", "opentelemetry-sdk"} <= licences.run_time()
    assert set() == licences.run_time() - locked


def test_every_package_may_be_used() -> None:
    """None asks that what it is used in be opened, or forbids its use."""
    assert {} == licences.refused()


def test_a_licence_is_read_as_its_package_tells_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several in one expression, a classifier of older packages, and one that is not allowed."""
    assert {"Apache-2.0", "MIT"} == licences.licences_of("aiohttp")
    assert {"MIT"} == licences.licences_of("redis")
    monkeypatch.setattr(licences, "ALLOWED", licences.ALLOWED - {"MIT"})
    assert {"redis", "aiohttp"} <= licences.refused().keys()


FOUND = {
    "dependencies": [
        {"name": "one", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1", "2.0"]}]},
        {"name": "two", "version": "2.0", "vulns": [{"id": "PYSEC-2", "fix_versions": []}]},
        {"name": "three", "version": "3.0", "vulns": []},
        {"name": "four", "skip_reason": "not found"},
    ]
}


@pytest.mark.parametrize(
    ("told", "complaints", "advice"),
    [
        (
            json.dumps(FOUND),
            "",
            advisories.Advice(3, ("one 1.0: PYSEC-1, mended in 1.1, 2.0", "two 2.0: PYSEC-2, mended in none yet")),
        ),
        (
            json.dumps({"dependencies": [{"name": "four", "skip_reason": "not found"}]}),
            "",
            advisories.Advice(0, why_not="the service knows none of the packages"),
        ),
        ("", "Traceback ...\nConnectionError: no name", advisories.Advice(0, why_not="ConnectionError: no name")),
        ("", "", advisories.Advice(0, why_not="it said nothing")),
    ],
)
def test_known_faults_are_told_and_silence_is_no_good_news(
    told: str, complaints: str, advice: advisories.Advice
) -> None:
    """A fault is named with the version that mends it; a service that cannot be asked is never taken for "none"."""
    assert advice == advisories.read(told, complaints)
