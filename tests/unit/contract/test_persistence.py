"""The contract of a store is the sum of its parts: no clause hides another."""

from collections import Counter

from cortex_core.contract import PersistenceContract
from cortex_core.contract.store import StoreContract


def clauses(part: type) -> list[str]:
    return [name for name in vars(part) if name.startswith("test_")]


def test_no_clause_hides_another() -> None:
    parts = [part for part in PersistenceContract.__mro__ if issubclass(part, StoreContract)]
    counted = Counter(name for part in parts for name in clauses(part))
    assert {name: count for name, count in counted.items() if count > 1} == {}


def test_every_part_is_of_the_sum() -> None:
    assert {
        part
        for part in StoreContract.__subclasses__()
        if part.__module__.startswith("cortex_core.")
    } == set(PersistenceContract.__bases__)
