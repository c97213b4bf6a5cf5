"""The whole table of metrics: those of each process, then those of the shared state."""

from __future__ import annotations

from collections.abc import Mapping

from dialer import metrics, metrics_shared
from dialer.metrics_contract import KEPT, Contract, Scope

MODULES = (metrics, metrics_shared)

CONTRACTS: Mapping[str, Contract] = {
    name: contract for scope in Scope for name, contract in KEPT.items() if contract.scope is scope
}
"""The contract of every metric, by its name."""
