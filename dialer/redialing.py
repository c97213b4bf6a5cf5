"""Which redial policies make sense: what a campaign may say about dialing somebody again.

The policy itself is applied by `settle` in `lua/parts/call.lua`, in the step that ends an attempt; here it is only
refused, with the reason and the field's name, before a campaign is stored.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from dialer.dispositions import Disposition
from dialer.errors import InvalidInput
from dialer.model import Redial


def check_policy(policy: Mapping[Disposition, Redial], success: Collection[Disposition]) -> None:
    """Raise InvalidInput where a redial contradicts the campaign or itself.

    Args:
        policy: the redials by disposition.
        success: the dispositions that count as success in this campaign.
    """
    for disposition, redial in policy.items():
        _check(disposition, redial, is_success=disposition in success)


def _check(disposition: Disposition, redial: Redial, *, is_success: bool) -> None:
    field = f"redial.{disposition}"
    if is_success:
        message = f"{disposition} counts as success here, and whoever was reached is not dialed again"
        if disposition is Disposition.ANSWERED:
            message += "; ask for a confirmation (confirm_key), or leave it out of `success`"
        raise InvalidInput(message, field=field)
    if disposition is Disposition.INVALID_NUMBER and redial.times:
        raise InvalidInput("a number that does not exist is not dialed again: must be 0", field=f"{field}.times")
    if disposition is Disposition.ANSWERED and redial.then == "suppress":
        message = "whoever picked up is suppressed at their own wish only: offer an opt_out_key"
        raise InvalidInput(message, field=f"{field}.then")
    if redial.most_after_ms < redial.after_ms:
        raise InvalidInput("must not be shorter than after_s", field=f"{field}.most_after_s")
