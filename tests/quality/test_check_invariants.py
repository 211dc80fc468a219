"""The command: one line per invariant, the rows where one fails, and nothing written."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, connection, transaction

from apps.quality.invariants import INVARIANTS
from apps.quality.selectors import stream_findings


def test_a_sound_hub_gets_one_line_per_invariant(db: None) -> None:
    out = StringIO()
    call_command("check_invariants", stdout=out)
    lines = out.getvalue().splitlines()
    assert [int(line.split()[0]) for line in lines[:-1]] == [i.number for i in INVARIANTS]
    assert all(" rows " in line and " s " in line for line in lines[:-1])
    assert lines[-1] == "every invariant holds"


def test_a_breach_ends_with_1_and_names_twenty_rows_and_how_many_more(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE golden_goldenrecord SET member_count = member_count + 1 WHERE state = 'live'")
        wrong = cursor.rowcount
    out = StringIO()
    with pytest.raises(CommandError, match="1 invariants are broken: 3") as ending:
        call_command("check_invariants", stdout=out)
    assert ending.value.returncode == 1
    named = [line for line in out.getvalue().splitlines() if "members and has" in line]
    assert len(named) == 20 < wrong
    assert f"and {wrong - 20:,} more" in out.getvalue()


def test_one_invariant_can_be_asked_for_alone(db: None) -> None:
    assert [f.number for f in stream_findings([14])] == [14]


def test_a_check_that_would_write_is_refused_by_the_database(db: None) -> None:
    findings = stream_findings([1, 2])
    next(findings)
    refused = pytest.raises(DatabaseError, match="read-only transaction")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE golden_goldenrecord SET member_count = 1")
    assert [f.number for f in findings] == [2]


def test_writing_goes_on_after_the_check(db: None) -> None:
    list(stream_findings([1]))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE golden_goldenrecord SET city = city")
        assert cursor.rowcount > 0
