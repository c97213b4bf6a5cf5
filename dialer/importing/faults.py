"""What can be wrong with a row: a stable code for programs, and the remedy for whoever mends the list."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Fault(StrEnum):
    """Why a row is not taken. Codes stay as they are; the sentence beside them may change."""

    NUMBER_MISSING = "number_missing"
    NUMBER_INVALID = "number_invalid"
    DESTINATION_REFUSED = "destination_refused"
    TOO_MANY_NUMBERS = "too_many_numbers"
    TIMEZONE_INVALID = "timezone_invalid"
    NEVER_OPEN = "never_open"
    EXPIRES_AT_INVALID = "expires_at_invalid"
    ID_INVALID = "id_invalid"
    VALUE_MISSING = "value_missing"
    VALUE_TOO_LONG = "value_too_long"
    VALUE_UNREADABLE = "value_unreadable"
    VALUE_NOT_TEXT = "value_not_text"
    TOO_MANY_VARIABLES = "too_many_variables"
    NAME_INVALID = "name_invalid"
    FIELD_COUNT = "field_count"
    ROW_UNREADABLE = "row_unreadable"
    ROW_TOO_LONG = "row_too_long"


REMEDIES: Mapping[Fault, str] = {
    Fault.NUMBER_MISSING: "Fill in the number, or leave the row out.",
    Fault.NUMBER_INVALID: "Write the whole number, best as + and the country code, in a column formatted as text.",
    Fault.DESTINATION_REFUSED: "Leave the row out, or have DIALER_ALLOWED_DESTINATIONS opened for this country.",
    Fault.TOO_MANY_NUMBERS: "Keep the person's best numbers, separated by semicolons.",
    Fault.TIMEZONE_INVALID: "Give a zone such as Europe/Amsterdam, or leave the cell empty.",
    Fault.NEVER_OPEN: "Give the person's timezone, or widen the campaign's windows.",
    Fault.EXPIRES_AT_INVALID: "Give a time with its zone, such as 2026-12-01T17:00:00+01:00, or leave the cell empty.",
    Fault.ID_INVALID: "Shorten the id, and take line breaks and other unseen characters out of it.",
    Fault.VALUE_MISSING: "Fill in the value, or change the campaign's text so that it does not need it.",
    Fault.VALUE_TOO_LONG: "Shorten the value.",
    Fault.VALUE_UNREADABLE: "Type the value anew, or save the list as CSV UTF-8.",
    Fault.VALUE_NOT_TEXT: "Give a text, a number, true, false or null.",
    Fault.TOO_MANY_VARIABLES: "Leave out what the text does not need.",
    Fault.NAME_INVALID: "Rename the column.",
    Fault.FIELD_COUNT: "Put a value that holds the delimiter in double quotes.",
    Fault.ROW_UNREADABLE: "Mend the quotes or the JSON of this row.",
    Fault.ROW_TOO_LONG: "Shorten the row; a quote that never closes makes one of many, too.",
}
