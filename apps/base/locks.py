"""Advisory locks, scoped to the transaction and taken in one order, so that they can't deadlock each other."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import IntEnum

from django.db import connection

from apps.base.copying import array_text

_LARGEST = 2**31 - 1
"""The largest key of a gate."""


class Gate(IntEnum):
    """Namespaces of the two-key advisory locks."""

    INTAKE = 1  # a decision alone; live writers and bulk chunks together
    SOURCE = 2
    RESOLVE = 3  # one bulk run at a time; live writers see whether one is going on
    RUN = 4
    STORE = 5  # live writers together, or the chunks of a bulk run together, never both
    # One request per idempotency key; one worker per upload.
    IDEMPOTENCY = 6
    UPLOAD = 7
    RULES = 8  # the first rules of an empty hub, published once
    ASKED = 9  # a source record: whoever asks about another's shared, whoever takes one away alone


def lock_gate(gate: Gate, key: int = 0, *, shared: bool = False) -> None:
    """Hold a gate until the transaction ends; shared holders don't exclude each other."""
    call = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {call}(%s, %s)", [int(gate), key])


def share_gates(gates: Sequence[tuple[Gate, int]], *, settings: Mapping[str, str] | None = None) -> None:
    """Hold gates, each with its key, shared until the transaction ends, taken in the order given. One statement.

    It makes `settings` of the server, too, which hold until the transaction ends.
    """
    given = [text for setting in (settings or {}).items() for text in setting]
    calls = ["set_config(%s, %s, true)"] * (len(given) // 2) + ["pg_advisory_xact_lock_shared(%s, %s)"] * len(gates)
    numbers = [number for gate, key in gates for number in (int(gate), key)]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(calls)}", [*given, *numbers])


def try_gate_shared(gate: Gate, key: int = 0) -> bool:
    """Hold a gate shared until the transaction ends unless somebody has it, or waits for it, alone; say whether."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock_shared(%s, %s)", [int(gate), key])
        return bool(cursor.fetchone()[0])


@contextmanager
def alone(gate: Gate, key: int) -> Iterator[bool]:
    """Try to hold a gate over several transactions; yield False at once where somebody else does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [int(gate), key])
        is_mine = bool(cursor.fetchone()[0])
    try:
        yield is_mine
    finally:
        if is_mine:
            _let_go(gate, key)


@contextmanager
def one_at_a_time(gate: Gate, key: int = 0) -> Iterator[None]:
    """Hold a gate over several transactions of this connection; another holder waits. Ends with the connection too."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [int(gate), key])
    try:
        yield
    finally:
        _let_go(gate, key)


def _let_go(gate: Gate, key: int) -> None:
    # In a transaction that failed nothing more can be said; the lock then ends with the connection.
    if connection.connection is not None and not connection.needs_rollback and connection.is_usable():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [int(gate), key])


def lock_keys(keys: Iterable[int]) -> None:
    """Hold the given 64-bit keys until the transaction ends, taken in ascending order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_advisory_xact_lock(k)) FROM (SELECT unnest(%s::bigint[]) AS k ORDER BY 1) AS sorted",
            [array_text(sorted(set(keys)))],
        )


def lock_mixed(gate: Gate, *, shared: Iterable[int], alone: Iterable[int]) -> None:
    """Hold some numbers of a gate shared and others alone until the transaction ends, ascending. One statement.

    Numbers beyond 31 bits share a lock with others: that only makes somebody wait.
    """
    wanted = {number & _LARGEST: False for number in shared} | {number & _LARGEST: True for number in alone}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(CASE WHEN is_alone THEN pg_advisory_xact_lock(%s, number)::text"
            " ELSE pg_advisory_xact_lock_shared(%s, number)::text END)"
            " FROM (SELECT * FROM unnest(%s::int[], %s::bool[]) AS asked(number, is_alone) ORDER BY 1) AS sorted",
            [int(gate), int(gate), array_text(wanted), array_text(wanted.values())],
        )
