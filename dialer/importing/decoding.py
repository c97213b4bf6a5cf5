"""Bytes to text, strictly: a list in an unknown encoding is refused at the byte, never guessed.

Guessers are wrong on short, mostly ASCII lists, and a wrong guess is heard as a mangled name. So: a byte order mark
decides, else the charset that the sender states, else UTF-8.
"""

from __future__ import annotations

import codecs

from dialer.errors import InvalidInput
from dialer.importing.rows import BEGINNING, Place

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LONGEST_MARK = 3
_SPREADSHEET = b"PK\x03"  # .xlsx and .ods are zip files
# By the names that `codecs.lookup` gives; what spreadsheets write, and no more.
_CHARSETS = frozenset(
    {"utf-8", "utf-8-sig", "ascii", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "iso8859-1", "iso8859-15"}
)


class Decoder:
    """Decodes a stream of bytes cut anywhere.

    Args:
        charset: what the sender states.
        after: the place behind which the bytes begin, of a list whose beginning was read.
    """

    def __init__(self, charset: str | None, after: Place = BEGINNING) -> None:
        self.encoding = after.layout.encoding or _known_charset(charset)
        self._head = b""
        self._fed = after.offset
        self._decoder = _decoder(self.encoding) if after.offset else None

    @property
    def decoded(self) -> int:
        """How many bytes of the list have become text."""
        return self._fed - len(self._decoder.getstate()[0]) if self._decoder else 0

    def decode(self, piece: bytes, *, final: bool = False) -> str:
        """The text that is complete now; raises InvalidInput naming the first byte that cannot be read."""
        if self._decoder is None:
            self._head += piece
            if len(self._head) < _LONGEST_MARK and not final:
                return ""
            self._decoder, piece = self._begin()
        return self._decode(self._decoder, piece, final=final)

    def _begin(self) -> tuple[codecs.IncrementalDecoder, bytes]:
        if self._head.startswith(_SPREADSHEET):
            raise InvalidInput("this is a spreadsheet: send it as one, or save it as CSV UTF-8", field="Content-Type")
        mark, name = next(((m, n) for m, n in _MARKS if self._head.startswith(m)), (b"", self.encoding))
        self.encoding, self._fed = name, len(mark)
        return _decoder(name), self._head[len(mark) :]

    def _decode(self, decoder: codecs.IncrementalDecoder, piece: bytes, *, final: bool) -> str:
        kept = len(decoder.getstate()[0])
        try:
            text = decoder.decode(piece, final)
        except UnicodeDecodeError as error:
            raise self._unreadable(error, self._fed - kept + error.start) from None
        self._fed += len(piece)
        return text

    def _unreadable(self, error: UnicodeDecodeError, position: int) -> InvalidInput:
        found = error.object[error.start : error.start + 1].hex()
        message = (
            f"byte 0x{found} at position {position} is not {self.encoding.upper()}: save it as CSV UTF-8,"
            " or name its encoding (Content-Type: text/csv; charset=windows-1252)"
        )
        return InvalidInput(message, field="charset")


def _decoder(name: str) -> codecs.IncrementalDecoder:
    return codecs.getincrementaldecoder(name)("strict")


def _known_charset(charset: str | None) -> str:
    stated = charset or "utf-8"
    try:
        name = codecs.lookup(stated).name
    except (LookupError, ValueError):  # ValueError: not even characters of a name
        name = ""
    if name not in _CHARSETS:
        raise InvalidInput(f"the encoding {stated[:40]!r} is not read here: save it as CSV UTF-8", field="charset")
    return "utf-8" if name == "utf-8-sig" else name
