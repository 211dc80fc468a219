"""Whatever ends the servers or their starter, the next start brings them back with what was committed."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from mdmhub import embedded
from mdmhub.embedded.processes import find_server, list_workers

pytestmark = pytest.mark.servers


def start_in_process(place: embedded.Place) -> subprocess.Popen[str]:
    words = [sys.executable, "-m", "mdmhub.embedded", "start", "--home", str(place.home)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def write_row(place: embedded.Place) -> None:
    with psycopg.connect(embedded.ensure_postgres(place).owner_url) as connection:
        connection.execute("CREATE TABLE committed AS SELECT 7 AS row")


def read_row(place: embedded.Place) -> object:
    with psycopg.connect(embedded.ensure_postgres(place).owner_url) as connection:
        return connection.execute("TABLE committed").fetchone()


def postmaster(place: embedded.Place) -> psutil.Process:
    found = find_server(place.postgres_data / "postmaster.pid", place.postgres_data)
    assert found is not None
    return found


def test_three_first_starts_at_once_make_one_cluster(place: embedded.Place) -> None:
    starters = [start_in_process(place) for _ in range(3)]
    ends = [(one.communicate(timeout=120)[0], one.returncode) for one in starters]
    assert [code for _, code in ends] == [0, 0, 0], ends
    masters = [
        one
        for one in list_workers(place.postgres_data)
        if one.ppid() not in {p.pid for p in list_workers(place.postgres_data)}
    ]
    assert [one.pid for one in masters] == [postmaster(place).pid]


def test_committed_rows_outlive_a_killed_postgres(place: embedded.Place) -> None:
    write_row(place)
    postmaster(place).kill()
    assert read_row(place) == (7,)


def test_committed_rows_outlive_all_of_postgres_being_killed(place: embedded.Place) -> None:
    write_row(place)
    for process in list_workers(place.postgres_data):
        # The first to be killed takes others with it.
        with suppress(psutil.NoSuchProcess):
            process.kill()
    assert read_row(place) == (7,)


def test_a_pid_file_whose_number_is_another_programs_now_is_seen_through(place: embedded.Place) -> None:
    write_row(place)
    pid_file = place.postgres_data / "postmaster.pid"
    content = pid_file.read_text()
    embedded.stop_all(place)
    pid_file.write_text(content.replace(content.splitlines()[0], str(os.getpid()), 1))
    assert not embedded.status(place).has_postgres
    assert read_row(place) == (7,)


def test_a_pid_file_of_nonsense_is_seen_through(place: embedded.Place) -> None:
    write_row(place)
    embedded.stop_all(place)
    (place.postgres_data / "postmaster.pid").write_text("")
    assert read_row(place) == (7,)


def test_a_half_made_cluster_is_made_anew(place: embedded.Place) -> None:
    place.prepare()
    draft = place.root / "pgdata.new-1-aa"
    draft.mkdir()
    (draft / "PG_VERSION").write_text("18\n")
    write_row(place)
    assert read_row(place) == (7,)
    assert not draft.exists()


@pytest.mark.parametrize("seconds", [0.3, 0.6, 1.0, 1.3])
def test_a_first_start_killed_at_any_moment_is_finished_by_the_next(seconds: float, place: embedded.Place) -> None:
    starter = start_in_process(place)
    time.sleep(seconds)
    starter.kill()
    starter.communicate()
    write_row(place)
    assert read_row(place) == (7,)


def test_ctrl_c_during_a_start_leaves_nothing_in_the_way(place: embedded.Place) -> None:
    starter = start_in_process(place)
    time.sleep(0.7)
    starter.send_signal(signal.SIGINT)
    starter.communicate()
    write_row(place)
    assert read_row(place) == (7,)


def test_a_lock_file_left_behind_does_not_lock(place: embedded.Place) -> None:
    place.prepare()
    (place.root / "secrets" / "servers.lock").write_text(str(os.getpid()))
    write_row(place)
    assert read_row(place) == (7,)


def test_lost_passwords_are_drawn_and_set_anew(place: embedded.Place) -> None:
    write_row(place)
    for role in ("hub", "hub_app"):
        (place.root / "secrets" / role).unlink()
    assert read_row(place) == (7,)


def test_a_killed_redis_comes_back_with_its_queue(place: embedded.Place) -> None:
    with embedded.connect_redis(embedded.ensure_redis(place)) as client:
        client.rpush("queue", "wake")
    for process in list_workers(place.redis_data):
        process.kill()
    with embedded.connect_redis(embedded.ensure_redis(place)) as client:
        assert client.lrange("queue", 0, -1) == [b"wake"]


def test_a_redis_pid_file_of_another_program_is_seen_through(place: embedded.Place) -> None:
    embedded.ensure_redis(place)
    embedded.stop_all(place)
    (place.redis_data / "redis.pid").write_text(str(os.getpid()))
    assert not embedded.status(place).has_redis
    with embedded.connect_redis(embedded.ensure_redis(place)) as client:
        assert client.ping()


def test_a_server_that_can_not_start_says_why(place: embedded.Place) -> None:
    embedded.ensure_postgres(place)
    embedded.stop_all(place)
    with Path(place.postgres_data / "postgresql.conf").open("a") as settings:
        settings.write("no_such_setting = 1\n")
    with pytest.raises(embedded.EmbeddedServerError, match="no_such_setting"):
        embedded.ensure_postgres(place)
