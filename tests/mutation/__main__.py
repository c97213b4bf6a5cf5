"""`python -m tests.mutation`."""

from __future__ import annotations

from tests.mutation.command import main

main()
