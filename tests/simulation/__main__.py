"""`python -m tests.simulation`: run seeds, tell the first that breaks a promise, and shrink it."""

from __future__ import annotations

import sys

from tests.simulation import virtual_time

virtual_time.take_over()

from tests.simulation.command import main  # noqa: E402 - after time was taken over

sys.exit(main())
