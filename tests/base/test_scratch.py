"""Scratch paper: each sees its own frames only, however many share it."""

import os
import threading
import warnings

import duckdb
import pyarrow as pa
import pytest

from apps.base.scratch import SMALL_ROWS, scratch


def frame(number: int, rows: int = 3) -> pa.Table:
    return pa.table({"number": pa.array([number] * rows, pa.int64())})


def add_up(number: int) -> int:
    with scratch({"mine": frame(number)}) as duck:
        duck.execute("CREATE TEMP TABLE kept AS SELECT * FROM mine")
        [(total,)] = duck.sql("SELECT sum(number) FROM kept").fetchall()
    return int(total)


def test_threads_at_the_same_names_see_their_own() -> None:
    found: dict[int, set[int]] = {}

    def work(number: int) -> None:
        found[number] = {add_up(number) for _ in range(20)}

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: {3 * number} for number in range(6)}


def test_nothing_is_kept_for_the_next_one() -> None:
    add_up(1)
    with scratch({}) as duck:
        for name in ("mine", "kept"):
            with pytest.raises(duckdb.CatalogException):
                duck.sql(f"SELECT * FROM {name}")


def test_one_inside_another_sees_only_its_own() -> None:
    with scratch({"mine": frame(1)}) as outer:
        assert add_up(2) == 6
        assert outer.sql("SELECT sum(number) FROM mine").fetchall() == [(3,)]


def test_a_forked_process_has_scratch_paper_of_its_own() -> None:
    add_up(1)
    with warnings.catch_warnings():
        # From 3.12 on Python warns of forking beside threads, which is what is tried here.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        os._exit(add_up(5))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 15


def test_large_frames_come_to_the_same() -> None:
    with scratch({"mine": frame(2, SMALL_ROWS)}) as duck:
        assert duck.sql("SELECT sum(number) FROM mine").fetchall() == [(2 * SMALL_ROWS,)]
