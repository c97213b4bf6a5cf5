"""The manual as users have it: the README, then each page of `docs/` in the order of the README's table."""

from __future__ import annotations

import re
from pathlib import Path

_ROOT = Path(__file__).parents[2]
README = _ROOT / "README.md"
PAGES = (
    README,
    *(_ROOT / path for path in re.findall(r"^\| \[[^]]+\]\((docs/\S+\.md)\)", README.read_text("utf-8"), re.MULTILINE)),
)


def manual() -> str:
    """All of its text."""
    return "\n".join(page.read_text("utf-8") for page in PAGES)
