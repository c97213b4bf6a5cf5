"""Log lines: JSON, one a line, and neither numbers nor secrets in them."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from dialer import log
from dialer.log import _masked


@pytest.fixture
def _as_before() -> Iterator[None]:
    """Leave logging as it was found."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


def masked(**fields: object) -> dict[str, object]:
    """The fields as they are logged."""
    return dict(_masked(None, "info", dict(fields)))


@pytest.mark.parametrize(
    "text", ["+31612345678", "calling +31612345678 now", "+31612345678,+31612345678", "to=+31612345678."]
)
def test_numbers_are_masked(text: str) -> None:
    """A number in any text keeps its country and its last two digits, as often as it comes."""
    assert {"detail": text.replace("+31612345678", "+31*******78")} == masked(detail=text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("to 31612345678 is odd", "to 316******78 is odd"),
        ("0612345678", "061*****78"),
        ("+31 6 1234-5678", "+31**********78"),
        ("number=%2B31612345678&a=1", "number=%2B*********78&a=1"),
        ("sip:31612345678@pbx", "sip:316******78@pbx"),
        ("%2b31612345678", "%2b*********78"),
        ("+31 (0)6.12/34-5678", "+31**************78"),
        ("+1234567", "+12***67"),
        ("123456789", "123****89"),
        ("123456789012345", "123**********45"),
    ],
)
def test_numbers_are_masked_however_they_are_written(text: str, shown: str) -> None:
    """As the carrier writes them, national, with separators, in an address."""
    assert {"detail": shown} == masked(detail=text)


def test_numbers_within_are_masked() -> None:
    """In lists, names of fields, and in whatever is logged as its text, an exception among it."""
    assert {"of": [{"+31*******78": ["+31*******78"]}], "why": "+31*******78"} == masked(
        of=({"+31612345678": {"+31612345678"}},), why=ValueError("+31612345678")
    )


@pytest.mark.usefixtures("_as_before")
def test_lines_of_libraries_are_masked(capsys: pytest.CaptureFixture[str]) -> None:
    """What comes through the standard library, its tracebacks too."""
    logging.getLogger().handlers.clear()
    log.set_up("info")
    logging.getLogger("aiohttp.client").error("no answer of +31612345678", exc_info=ValueError("31612345678"))
    said = capsys.readouterr().err

    assert ("no answer of +31*******78" in said, "316******78" in said, "612345678" in said) == (True, True, False)


@pytest.mark.usefixtures("_as_before")
def test_lines_of_libraries_have_the_form_of_ours(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever gathers both streams reads JSON, one line each, with the same names."""
    logging.getLogger().handlers.clear()
    log.set_up("info")
    logging.getLogger("asyncio").warning("took %s", "2 s")
    logging.getLogger("asyncio").error("Task failed", exc_info=ValueError("odd\nindeed"))
    warned, failed = map(json.loads, capsys.readouterr().err.splitlines())

    assert {
        "event": "library.logged",
        "level": "warning",
        "logger": "asyncio",
        "said": "took 2 s",
    }.items() <= warned.items()
    assert {"timestamp"} == warned.keys() - {"event", "level", "logger", "said"}
    assert ("error", True) == (failed["level"], "odd\nindeed" in failed["exception"])


@pytest.mark.usefixtures("_as_before")
@pytest.mark.parametrize(
    ("told", "also"),
    [
        ({"attempt_id": "c5hk-12-2"}, {"call_id": "c5hk-12", "campaign_id": "c5hk"}),
        ({"call_id": "direct-urgent-7"}, {"campaign_id": "direct-urgent"}),
        ({"attempt_id": "c5hk-12-2", "campaign_id": "other"}, {"call_id": "c5hk-12", "campaign_id": "other"}),
        ({"call_id": "nonsense"}, {}),
    ],
)
def test_a_line_names_the_call_and_the_campaign_of_its_attempt(
    told: dict[str, str], also: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """All lines of a call, or of a campaign, are found by its id; what a line says itself stands."""
    log.set_up("info")
    structlog.get_logger().info("attempt.answered", **told)
    line = json.loads(capsys.readouterr().out)

    assert told | also == {name: value for name, value in line.items() if name.endswith("_id")}


def test_what_is_no_text_is_left() -> None:
    """Numbers, truths and nothing, wherever they stand."""
    plain = {"count": 612345678, "share": 0.5, "is_old": True, "none": None}

    assert {**plain, "all": list(plain.values())} == masked(**plain, all=(*plain.values(),))


@pytest.mark.parametrize(
    "text",
    [
        *("+123", "+123456", "1+1", "2027-01-15T08:00:00+01:00", "+1234567890123456789", "c5hk-12-2", "12345678"),
        *("1234567890123456", "a31612345678", "1.31612345678", "-31612345678", "31612345678a"),
    ],
)
def test_what_is_no_number_is_left(text: str) -> None:
    """Offsets, sums, ids and other figures are logged as they are."""
    assert {"detail": text} == masked(detail=text)


@pytest.mark.parametrize("name", ["authorization", "token", "secret", "api_key", "password", "client_secret"])
def test_secrets_are_masked(name: str) -> None:
    """A field that holds a secret by its name shows none, whatever its type."""
    assert {name: "***", "at": 1} == masked(**{name: "s3cr3t", "at": 1})
    assert {name: "***"} == masked(**{name: b"s3cr3t"})


@pytest.mark.usefixtures("_as_before")
def test_a_line_is_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    """What is logged is one line of JSON with event, level and UTC time; a number in an error's text is masked too."""
    log.set_up("info")
    structlog.get_logger().error(
        "attempt.failed", attempt_id="c1-1-1", exc_info=ValueError("+31612345678 is odd\nindeed")
    )
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)

    assert ("attempt.failed", "error", "c1-1-1", "Z") == (
        told["event"], told["level"], told["attempt_id"], told["timestamp"][-1],
    )  # fmt: skip
    assert "+31*******78 is odd" in told["exception"]
    assert "+31612345678" not in line


@pytest.mark.usefixtures("_as_before")
def test_what_is_below_the_level_is_not_logged(capsys: pytest.CaptureFixture[str]) -> None:
    """At level warning an info line is not written."""
    log.set_up("warning")
    structlog.get_logger().info("attempt.placed")
    structlog.get_logger().warning("lease.lapsed")

    assert ["lease.lapsed"] == [json.loads(line)["event"] for line in capsys.readouterr().out.splitlines()]
