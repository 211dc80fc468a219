"""Each invariant, broken by hand where the hub never would, is the one that is named."""

import pytest
from django.db import connection

from apps.quality.invariants import INVARIANTS
from apps.quality.selectors import list_broken, stream_findings
from tests.quality.breaches import IDENTITY, Breach
from tests.quality.breaches_of_change import CHANGE

BREACHES = [*IDENTITY, *CHANGE]


def test_a_hub_with_a_past_holds_every_invariant(db: None) -> None:
    findings = list(stream_findings())
    assert [(f.number, f.rows) for f in findings if f.broken] == []
    assert [f.number for f in findings] == [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 15, 16, 17, 18, 22, 23, 24, 25, 26, 35]


def test_each_promise_is_about_rows_that_this_hub_has(db: None) -> None:
    assert [f.number for f in stream_findings() if not f.checked] == []


@pytest.mark.parametrize("breach", BREACHES, ids=lambda b: f"{b.number}: {b.name}")
def test_a_breach_is_named_by_its_own_invariant_alone(breach: Breach, db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(breach.sql)
    broken = list_broken()
    assert [(f.number, f.rows) for f in broken if f.number != breach.number] == []
    assert [f.number for f in broken] == [breach.number]
    assert all(breach.says in row for f in broken for row in f.rows)


def test_every_invariant_has_a_breach_that_it_names() -> None:
    assert {b.number for b in BREACHES} == {i.number for i in INVARIANTS}
