"""Spreadsheets that no program writes: each ends soon and in bounded memory, with a sentence about what is wrong."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from resource import RUSAGE_CHILDREN, getrusage
from typing import Any

import pytest

from dialer.errors import InvalidInput
from dialer.importing import XLSX
from dialer.spreadsheet import MAX_ROWS

Reading = Callable[..., Callable[[bytes], Any]]
ANN = "+31612345671"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKED = "http://schemas.openxmlformats.org/package/2006"
SHEET_AT = "xl/worksheets/sheet1.xml"


def package(rows: str, *, before: str = "", shared: str = "", sheets: int = 1) -> bytes:
    """A file with these rows in its first sheet, and as many sheets that are named and not there."""
    named = "".join(f'<sheet name="s{n}" sheetId="{n}" r:id="r{n}"/>' for n in range(1, sheets + 1))
    sheet = f'<Relationship Id="r1" Type="{RELATED}/worksheet" Target="worksheets/sheet1.xml"/>'
    texts = f'<Relationship Id="t" Type="{RELATED}/sharedStrings" Target="sharedStrings.xml"/>' if shared else ""
    book = f'<Relationship Id="b" Type="{RELATED}/officeDocument" Target="xl/workbook.xml"/>'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{PACKED}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{PACKED}/relationships">{book}</Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATED}"><sheets>{named}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKED}/relationships">{sheet}{texts}</Relationships>',
        SHEET_AT: f'{before}<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>',
    }
    parts |= {"xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{shared}</sst>'} if shared else {}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return file.getvalue()


def cell(text: str, row: int = 1) -> str:
    """A row of one text."""
    return f'<row r="{row}"><c r="A{row}" t="inlineStr"><is><t>{text}</t></is></c></row>'


LIST = f"{cell('number')}{cell(ANN, 2)}"
LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
ELSEWHERE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'


def understated() -> bytes:
    """A sheet of 20 MB that says that it has 100 bytes."""
    whole = bytearray(package(cell("x" * 20_000_000)))
    entry = whole.rfind(SHEET_AT.encode()) - 46  # of the directory at its end (APPNOTE 4.3.12)
    whole[entry + 24 : entry + 28] = (100).to_bytes(4, "little")
    return bytes(whole)


def test_an_ordinary_file_made_by_hand_is_read(reading: Reading) -> None:
    """What makes the others hostile is what they hold, not how they are made."""
    assert {1: ANN} == reading(media_type=XLSX)(package(LIST)).numbers


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (package(cell("&b;"), before=LAUGHS), "cannot be read"),
        (package(cell("&a;"), before=ELSEWHERE), "cannot be read"),
        (package(cell(ANN, 2**32 - 1)), "has a row 4,294,967,295"),
        (package(cell(ANN, MAX_ROWS + 1)), "none has more than 1,048,576"),
        (package(LIST + cell(ANN, 2**32 - 1)), "takes too long, or more than 768 MiB"),
        (package(LIST, sheets=20_000), "cannot be read"),
        (package('<row r="1"><c r="A1" t="s"><v>99999999999</v></c></row>', shared="<si/>"), "cannot be read"),
        (package('<row r="1"><c r="A1" t="inlineStr">' + "<is>" * 300_000), "cannot be read"),
        (package(LIST, shared="<si><t>" + "x" * 700_000_000 + "</t></si>"), "takes too long, or more than 768 MiB"),
        (understated(), "cannot be read"),
    ],
    ids=["laughs", "else", "far row", "one row more", "far apart", "many sheets", "no text", "deep", "long", "lie"],
)  # fmt: skip
def test_a_hostile_sheet_is_refused(reading: Reading, body: bytes, words: str) -> None:
    """Entities; rows, sheets and texts that are not there; nesting; a text of 700 MB; a size that is a lie."""
    with pytest.raises(InvalidInput, match=words):
        reading(media_type=XLSX)(body)


def test_a_sheet_of_endless_blank_rows_takes_no_time(reading: Reading) -> None:
    """A file of a kilobyte must not keep a processor busy."""
    before = getrusage(RUSAGE_CHILDREN).ru_utime
    with pytest.raises(InvalidInput, match="has a row"):
        reading(media_type=XLSX)(package(cell(ANN, 2**32 - 1)))

    assert getrusage(RUSAGE_CHILDREN).ru_utime - before < 5
