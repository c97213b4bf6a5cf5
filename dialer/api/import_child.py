"""What the processes that check rows are forked from: everything they need is read, and no secret is left.

Imported by the server of `import_pool.py`, before it forks the first of them.
"""

from __future__ import annotations

from dialer.processes.child import forget_environment

forget_environment()
