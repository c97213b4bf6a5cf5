"""The whole table of metrics: those of each process, then those of the shared state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

from dialer import metrics
from dialer.metrics import shared
from dialer.metrics.contract import KEPT, Contract, Scope
from dialer.metrics.labels import TRUNK

MODULES = (metrics, shared)

CONTRACTS: Mapping[str, Contract] = {
    name: contract for scope in Scope for name, contract in KEPT.items() if contract.scope is scope
}
"""The contract of every metric, by its name."""


def begin_at_zero(trunks: Sequence[str]) -> None:
    """Show as 0 whatever may be counted by and by, at the start of a process; its trunks are these.

    Of a series that begins at 1 Prometheus sees no increase: what comes rarely would be on no chart and in no alert.
    Left out is what the API's reference names (operations), of which nobody needs the first.
    """
    for contract in CONTRACTS.values():
        values = [trunks if label is TRUNK else label.values for label in contract.labels]
        if contract.type != "gauge" and values and all(values):
            for told in product(*values):
                contract.made.labels(*told)
