"""The forms that texts from outside must have: each an expression, and words for whoever sent something else.

An expression is for programs: it stands in the API's document. A person is told the words.
"""

from __future__ import annotations

from pydantic_core import ErrorDetails

MISFIT = "string_pattern_mismatch"
"""Pydantic's name for a text that has not the form of its field."""
_WORDS: dict[str, str] = {}


def words_for(error: ErrorDetails) -> str:
    """What to tell about a MISFIT."""
    return _WORDS[error["ctx"]["pattern"]]


def _form(expression: str, words: str) -> str:
    _WORDS[expression] = f"must be {words}"
    return expression


def _cursor(expression: str) -> str:
    return _form(expression, "the `next_cursor` of the page before")


# What ends a line, hides, or turns what stands around it (UAX 9): whoever reads a name decides by it.
_TURNING = r"\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
# Of an id, which is compared and never spoken, also joiners, odd spaces and what no two programs show alike.
_UNSEEN = (
    r"\u00a0\u00ad\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u1680\u180e\u2000-\u200a\u200c\u200d\u202f\u205f\u3000"
    r"\ue000-\uf8ff"
    # As they are: expressions of Python, of Rust and of JSON Schema write these in three ways.
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e007f\U000f0000-\U0010ffff"
)
NAME = _form(f"^[^{_TURNING}]*$", "one line without control characters, also such as hide or turn text")
OWN_ID = _form(f"^[^{_TURNING}{_UNSEEN}]*$", "letters, digits, signs and plain spaces: nothing that cannot be seen")
ONE_LINE = _form(r"^[^\x00-\x1f\x7f]*$", "one line without control characters")
WITHOUT_NUL = _form(r"^[^\x00]*$", "text without NUL bytes")

OUR_ID = _form(r"^[a-z0-9]+(-[a-z0-9]+)*$", "small letters and digits, with single hyphens between them")
ANY_LIST = _form(r"^(\*|[a-z0-9]+(-[a-z0-9]+)*)$", "`*`, or small letters and digits with single hyphens between them")
TRUNK = _form(r"^[a-z][a-z0-9]{0,15}$", "the name of a trunk: up to 16 small letters and digits, a letter first")

CAMPAIGN_CURSOR = _cursor(r"^[0-9]{1,15}-[a-z0-9]+(-[a-z0-9]+)*$")
"""When the last one was created (ms), and its id."""
RECORDING_CURSOR = _cursor(r"^[0-9]{1,15}-r[a-z2-7]{16}$")
AUDIT_CURSOR = _cursor(r"^[0-9]{1,15}-[0-9]{1,12}$")
PLACE_CURSOR = _cursor(r"^[0-9]{1,12}$")

PHONE = _form(r"^\+?[1-9][0-9]{6,14}$", "a number with its country code, such as +31201234567")
SIP = _form(r"^sips?:[!-~]+$", "a SIP address, such as sip:desk@pbx.example.com")
WEBSOCKET = _form(r"^wss?://[!-~]+$", "a websocket address, such as wss://audio.example.com/in")
WEB = _form(r"^(https?)://[!-~]+$", "an address that begins with https:// or http://, without spaces")
SECURE_WEB = _form(r"^(https)://[!-~]+$", "an address that begins with https://, without spaces")
KEY = _form(r"^[0-9*#]$", "one key: 0-9, * or #")
KEYS = _form(r"^[0-9*#]{1,20}$", "up to 20 keys: 0-9, * and #")
TONES = _form(r"^[0-9*#p]{1,100}$", "up to 100 of 0-9, *, # and p, which waits half a second")
LANGUAGE = _form(r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", "a language such as nl-NL")
