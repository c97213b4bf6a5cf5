"""`dialer voices`: the catalogue as a table and as JSON, with nothing set and nothing running."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from dialer.cli import main


def _voices(*words: str) -> Result:
    return CliRunner().invoke(main, ["voices", *words], env={"DIALER_DATA_DIR": "/nowhere"})


def test_voices_of_a_language_are_a_table() -> None:
    """A voice's row tells language, style, gender, name, premium, SSML, its name in 2018 and its generations."""
    rows = [line.split() for line in _voices("nl-NL").output.splitlines()]

    assert 8 == len(rows)
    assert ["nl-NL", "0", "female", "Lotte", "no", "yes", "Lotte", "2018,", "today", "Dutch", "(Netherlands)"] == rows[
        1
    ]


def test_all_voices_are_listed_one_a_line() -> None:
    """Without a prefix every voice has its line, and none is folded where nobody looks at a screen."""
    told = json.loads(_voices("--json").output)["voices"]

    assert len(told) + 1 == len(_voices().output.splitlines())


@pytest.mark.parametrize(
    ("prefix", "languages"), [("nl", {"nl-NL", "nl-BE"}), ("EN-gb", {"en-GB", "en-GB-SCT", "en-GB-WLS"})]
)
def test_prefix_is_a_whole_part_of_the_code(prefix: str, languages: set[str]) -> None:
    """A prefix means whole parts of a code, in any case of letters."""
    told = json.loads(_voices(prefix, "--json").output)["voices"]

    assert languages == {voice["language"] for voice in told}


def test_generation_leaves_out_what_it_cannot_speak() -> None:
    """Of a generation only those voices are shown that it can be told to speak with."""
    told = json.loads(_voices("nl", "--generation", "2018", "--json").output)["voices"]

    assert ["Lotte", "Ruben"] == [voice["name_2018"] for voice in told]


def test_unknown_language_names_near_ones() -> None:
    """A language that nobody speaks is refused with those that may have been meant."""
    result = _voices("dutch")

    assert (1, "Error: there is no voice for 'dutch'; near it: nl-BE, nl-NL\n") == (result.exit_code, result.stderr)
