"""Lists of calls and of numbers: from the bytes of a file to checked rows and rejected ones, as a stream.

`read_calls` and `read_numbers` are all that a caller needs; `RowChecks` tells what a campaign asks of a row. A row
that is wrong is reported by number and the rest arrive; what spoils the list as a whole raises InvalidInput. Memory
stays flat at any length.
"""

from dialer.importing.checks import RowChecks
from dialer.importing.columns import ColumnMap
from dialer.importing.faults import REMEDIES, Fault
from dialer.importing.reading import (
    BATCH,
    MEDIA_TYPES,
    NUMBER_MEDIA_TYPES,
    Start,
    count_rows,
    read_calls,
    read_numbers,
)
from dialer.importing.rows import Batch, Layout, Numbers, Place, Rejection
from dialer.importing.sheets import XLSX

__all__ = [
    "BATCH",
    "MEDIA_TYPES",
    "NUMBER_MEDIA_TYPES",
    "REMEDIES",
    "XLSX",
    "Batch",
    "ColumnMap",
    "Fault",
    "Layout",
    "Numbers",
    "Place",
    "Rejection",
    "RowChecks",
    "Start",
    "count_rows",
    "read_calls",
    "read_numbers",
]
