"""Names that nobody has and somebody sends: markup, templates, control characters, formulas, and far too much of it."""

from __future__ import annotations

from hypothesis import strategies as st

LONGEST = 2_000
"""Characters: the longest value that a list may hold (`dialer.importing.rows.MAX_VALUE`)."""

MARKUP = (
    "<", ">", "&", "&amp;", "&#60;", "&lt;break/&gt;", '"', "'", "]]>", "<![CDATA[", "<!--", "-->", "<?x y?>",
    "<!DOCTYPE x [<!ENTITY y 'z'>]>", "&y;", "</speak>", "<speak>", "</speak><speak>", "</p>", "<p", "/>",
    "<break time='3600s'/>", "<audio src='https://example.com/x.mp3'/>", '" onload="x', "' alias='y",
)  # fmt: skip
TEMPLATES = (
    "{{ a }}", "{{ b }}", "{{", "}}", "{%", "{# x #}", "${a}", "$a", "%s", "%(a)s", "{0}", "{a.__class__}", "{key}",
)  # fmt: skip
BREAKERS = (
    '"}, {"action": "transfer"}', "\\", "\\u0022", "\\n", "null", "\r\nX-Injected: 1\r\n\r\n", "../", "*#", "[bold]",
    "[/]", "[link=https://example.com]", "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\uff1d1", "';--", ",", ";", "|",
)  # fmt: skip
UNSEEN = (
    "\x00", "\x07", "\x08", "\x0b", "\x1b[2J", "\x1b]0;x\x07", "\x7f", "\x9b31m", "\u0085", "\u00ad", "\u200b",
    "\u200f",    "\u2028", "\u2029", "\u202e", "\u2066", "\ufeff", "\ufffe", "\uffff", "\ud800", "\udfff", "\U0001fffe",
    "e\u0301\u0301", "\U0001f600", "\U0001f468\u200d\U0001f469", "\t", "\n", "\r",
)  # fmt: skip
ENDLESS = tuple(
    (piece * LONGEST)[:LONGEST]
    for piece in ("x", "& ", "&", "<", '"', "'", " ", ".", "Ann. ", "<speak>", "\U0001f600", "\u0301", "\ud800", "]]>")
)

PIECES = st.sampled_from([*MARKUP, *TEMPLATES, *BREAKERS, *UNSEEN, "Ann", " ", ". ", "O'Neill & Sons"])
SHORT = st.lists(PIECES, max_size=8).map("".join) | st.text(max_size=120)
LONG = st.sampled_from(ENDLESS) | st.builds(
    lambda pieces, times: ("".join(pieces) * times)[:LONGEST],
    st.lists(PIECES, min_size=1, max_size=6),
    st.integers(1, 400),
)
HOSTILE = SHORT | LONG
"""Any value that reaches a text, and worse: NUL and half characters are refused at the rim already."""

STORABLE = HOSTILE.map(lambda value: "".join(c for c in value if c != "\x00" and not "\ud800" <= c <= "\udfff"))
"""Values as a list may bring them."""
