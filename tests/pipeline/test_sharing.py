"""Customers that share an exclusive number are asked about, once each."""

import pyarrow as pa
import pytest

from apps.engine.bulk.frames import CLUSTERS_SCHEMA, PROPOSALS_SCHEMA
from apps.engine.bulk.results import Clustering
from apps.engine.rules import load_company_rules
from apps.engine.statistics import Statistics
from apps.pipeline.sharing import with_shared_identifiers

RULES = load_company_rules()
STATISTICS = Statistics(records=1_000, rules_digest=RULES.digest, counts={}, hot_keys={})
LEI = "5493001KJTIIGC8Y1R12"


def standard(numbers: dict[int, tuple[str, str] | None]) -> pa.Table:
    """Return records with an LEI and how it checked."""
    return pa.table(
        {
            "record": pa.array(numbers, pa.int64()),
            "source": ["crm"] * len(numbers),
            "lei.number": [n and n[0] for n in numbers.values()],
            "lei.issuer": pa.array([None] * len(numbers), pa.string()),
            "lei.check": [n and n[1] for n in numbers.values()],
        }
    )


def clustering(cluster_of: dict[int, int], proposals: list[tuple[int, int]]) -> Clustering:
    rows = [{"left": a, "right": b, "score": 0, "reason": "review"} for a, b in proposals]
    return Clustering(
        pa.table([list(cluster_of), list(cluster_of.values())], schema=CLUSTERS_SCHEMA),
        pa.Table.from_pylist(rows, schema=PROPOSALS_SCHEMA),
        PROPOSALS_SCHEMA.empty_table(),
    )


def asked(found: Clustering) -> list[tuple[int, int, str]]:
    return [(p["left"], p["right"], p["reason"]) for p in found.proposals.to_pylist()]


@pytest.mark.parametrize(
    ("numbers", "clusters", "proposals", "expected"),
    [
        ({1: (LEI, "verified"), 2: (LEI, "verified")}, {1: 1, 2: 2}, [], [(1, 2, "shared")]),
        ({1: (LEI, "verified"), 2: (LEI, "verified")}, {1: 1, 2: 1}, [], []),
        ({1: (LEI, "verified"), 2: (LEI, "wrong")}, {1: 1, 2: 2}, [], []),
        ({1: (LEI, "verified"), 2: None}, {1: 1, 2: 2}, [], []),
        ({1: (LEI, "verified"), 2: (LEI, "verified")}, {1: 1, 2: 2}, [(1, 2)], [(1, 2, "review")]),
        (
            {4: (LEI, "verified"), 1: (LEI, "verified"), 3: (LEI, "verified"), 2: None},
            {4: 4, 1: 1, 3: 3, 2: 1},
            [],
            [(1, 3, "shared"), (1, 4, "shared")],
        ),
    ],
    ids=["two holders", "one customer", "a wrong number", "one holder", "asked already", "three holders"],
)
def test_holders_of_one_number_are_asked_about(
    numbers: dict[int, tuple[str, str] | None],
    clusters: dict[int, int],
    proposals: list[tuple[int, int]],
    expected: list[tuple[int, int, str]],
) -> None:
    found = with_shared_identifiers(clustering(clusters, proposals), standard(numbers), RULES, STATISTICS)
    assert asked(found) == expected
