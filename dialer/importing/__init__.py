"""Lists of calls: from the bytes of a CSV, NDJSON or JSON list to checked calls and rejected rows, as a stream.

`read_calls` is all that a caller needs; `RowChecks` tells it what the campaign asks of a row. A row that is wrong is
reported by number and the rest arrive; what spoils the list as a whole raises InvalidInput. Memory stays flat at any
length.
"""

from dialer.importing.checks import RowChecks
from dialer.importing.reading import BATCH, MEDIA_TYPES, count_rows, read_calls
from dialer.importing.rows import Batch, Rejection

__all__ = ["BATCH", "MEDIA_TYPES", "Batch", "Rejection", "RowChecks", "count_rows", "read_calls"]
