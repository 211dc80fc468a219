import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from apps.engine import bulk
from apps.engine.block import match_keys
from apps.engine.bulk import crew, standardising
from apps.engine.bulk.crew import Crew, WorkerLostError
from apps.engine.rules import load_company_rules
from tests.engine.frames import given_frame, parts_of, read_sample

RULES = load_company_rules()


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Worker processes even for a small frame."""
    monkeypatch.setattr(crew, "LEAST_VALUES", 1)
    monkeypatch.setattr(standardising, "BATCH", 7)
    monkeypatch.setattr("apps.engine.bulk.keys.BATCH", 7)


def workers_of_this_process() -> list[int]:
    return [child.pid or 0 for child in multiprocessing.active_children()]


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("workers", [2, 3])
def test_several_processes_standardise_as_one_does(workers: int) -> None:
    given = given_frame([*read_sample(), {"source": "crm", "source_key": "x", "name": "株式会社日立", "phone": "n/a"}])
    alone = bulk.standardise(given, RULES)
    seen: list[int] = []
    shared = bulk.standardise(
        given, RULES, progress=lambda *_: seen.append(len(workers_of_this_process())), workers=workers
    )
    assert shared.equals(alone)
    assert max(seen) == workers - 1
    assert workers_of_this_process() == []


def test_a_small_frame_starts_no_worker_process() -> None:
    seen: list[int] = []
    bulk.standardise(
        given_frame(read_sample()), RULES, progress=lambda *_: seen.extend(workers_of_this_process()), workers=2
    )
    assert seen == []


def test_progress_rises_and_leaves_the_end_to_the_caller() -> None:
    given, seen = given_frame(read_sample()), []
    bulk.standardise(given, RULES, progress=lambda _, done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    assert len({done for done, _ in seen}) > 3
    assert all(0 <= done < total == given.num_rows for done, total in seen)


def test_frames_without_rows_or_values_standardise_to_as_many_rows() -> None:
    empty = given_frame([{"source": "crm", "source_key": "a", "name": None}])
    assert bulk.standardise(empty, RULES)["keys"].to_pylist() == [[]]
    assert bulk.standardise(empty.slice(0, 0), RULES, workers=2).num_rows == 0


def test_rows_with_very_many_and_very_few_keys_get_the_row_codes_keys() -> None:
    former = " | ".join(" ".join(f"w{chr(97 + n)}{chr(97 + word)}rd" for word in range(6)) for n in range(8))
    rows = [
        {
            "source": "crm",
            "source_key": "a",
            "name": "Acme",
            "former_names": former,
            "city": "Bonn",
            "postcode": "53111",
        },
        {"source": "crm", "source_key": "b", "name": "Acme"},
        {"source": "crm", "source_key": "c", "name": "n/a"},
    ]
    standard = bulk.standardise(given_frame(rows), RULES)
    keys = standard["keys"].to_pylist()
    assert keys == [sorted(match_keys(parts, RULES)) for parts in parts_of(standard)]
    assert len(keys[0]) > 64 > len(keys[1]) > len(keys[2]) == 0


@pytest.fixture
def running_crew(small_batches: None) -> Iterator[Crew]:
    with Crew(2) as working:
        working.run(time.sleep, [(0.0,)], values=1)
        yield working


def test_a_killed_worker_process_is_an_error_at_once(running_crew: Crew) -> None:
    (worker,) = workers_of_this_process()

    def kill(_done: int, _total: int) -> None:
        if is_running(worker):
            os.kill(worker, signal.SIGKILL)

    started = time.monotonic()
    with pytest.raises(WorkerLostError, match="workers=1"):
        running_crew.run(time.sleep, [(0.05,)] * 200, values=200, advance=kill)
    assert time.monotonic() - started < 5


def test_a_batch_that_fails_in_a_worker_process_raises_its_own_error(running_crew: Crew) -> None:
    with pytest.raises(ZeroDivisionError):
        running_crew.run(divmod, [(1, 0), *[(1, 1)] * 20], values=21)


def test_results_come_in_the_order_of_the_batches(running_crew: Crew) -> None:
    assert running_crew.run(divmod, [(n, 7) for n in range(300)], values=300) == [divmod(n, 7) for n in range(300)]


def _standardised_in_a_daemon(results: "multiprocessing.SimpleQueue[int]") -> None:
    crew.LEAST_VALUES = 1
    results.put(bulk.standardise(given_frame(read_sample()), RULES, workers=2).num_rows)


def test_a_daemonic_process_which_may_have_no_children_does_it_all_itself() -> None:
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.SimpleQueue[int] = context.SimpleQueue()
    daemon = context.Process(target=_standardised_in_a_daemon, args=(results,), daemon=True)
    daemon.start()
    daemon.join(30)
    assert daemon.exitcode == 0
    assert results.get() == len(read_sample())


def wait_until(holds: Callable[[], bool], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.02)
    return holds()


def is_running(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_worker_processes_leave_when_their_parent_is_killed() -> None:
    script = """
        import multiprocessing, time
        from apps.engine.bulk import crew
        crew.LEAST_VALUES = 1
        with crew.Crew(2) as working:
            working.run(divmod, [(1, 1)] * 50, values=50)
            print(multiprocessing.active_children()[0].pid, flush=True)
            time.sleep(60)
    """
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        assert is_running(worker)
        parent.kill()
    assert wait_until(lambda: not is_running(worker))
