"""The supervisor, run on small processes of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psutil
import pytest

from mdmhub.stack import Child, Stack, StackError
from mdmhub.stack.lines import render

ROOT = Path(__file__).resolve().parents[2]
FOREVER = "import time\nwhile True: time.sleep(0.1)"


def python(name: str, code: str, port: int | None = None, stop_seconds: float = 5.0) -> Child:
    return Child(name, (sys.executable, "-c", code), port=port, stop_seconds=stop_seconds)


def wait_for(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def recorded(home: Path) -> dict[str, int]:
    try:
        return {row["name"]: row["pid"] for row in json.loads((home / "stack.json").read_text())}
    except FileNotFoundError:
        return {}


def is_alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_supervisor(home: Path, *, ignoring: Sequence[signal.Signals] = ()) -> subprocess.Popen[str]:
    """Start a supervisor in a process of its own, with a child that has a child, and wait until it is up.

    `ignoring` are the signals that whoever starts it has it ignore, as a shell does for what runs in the background.
    """
    parent = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (time.sleep(0.5), sys.exit(0)))\n"
        f"subprocess.run([sys.executable, '-c', {FOREVER!r}])"
    )
    script = (
        "import signal, sys; from pathlib import Path; from mdmhub.stack import Child, Stack, heeded_signals\n"
        f"[signal.signal(one, signal.SIG_IGN) for one in {[int(one) for one in ignoring]}]\n"
        f"child = Child('pair', (sys.executable, '-c', {parent!r}), stop_seconds=2)\n"
        f"with heeded_signals(), Stack(home=Path({str(home)!r}), folder=Path('/')) as stack:\n"
        "    stack.start([child]); print('up', flush=True); stack.wait()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    return process


def end_supervisor(home: Path, process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()
    with Stack(home=home, folder=home, show=None):
        pass


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    process = start_supervisor(tmp_path)
    yield process
    end_supervisor(tmp_path, process)


@pytest.fixture
def supervisor_in_the_background(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A supervisor started as by `nohup … &` in a script."""
    process = start_supervisor(tmp_path, ignoring=[signal.SIGINT, signal.SIGHUP])
    yield process
    end_supervisor(tmp_path, process)


def test_a_crashed_process_is_started_again(tmp_path: Path) -> None:
    with Stack(home=tmp_path, folder=tmp_path, show=None) as stack:
        stack.start([python("worker", FOREVER)])
        first = recorded(tmp_path)["worker"]
        os.kill(first, signal.SIGKILL)
        wait_for(lambda: recorded(tmp_path).get("worker", first) != first)
        assert is_alive(recorded(tmp_path)["worker"])


def test_a_process_that_keeps_failing_ends_the_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mdmhub.stack.supervisor._RESTART_WAITS", (0.01, 0.01))
    with Stack(home=tmp_path, folder=tmp_path, show=None) as stack:
        stack.start([python("worker", "raise SystemExit(3)")])
        with pytest.raises(StackError, match="worker failed 3 times in a row"):
            stack.wait()


def test_processes_are_stopped_last_started_first(tmp_path: Path) -> None:
    ended = tmp_path / "ended"
    code = (
        "import signal, sys, time\n"
        "def end(*_): open({path!r}, 'a').write({name!r} + ' '); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end); print('ready', flush=True)\n"
        "while True: time.sleep(0.1)"
    )
    names = ["web", "worker", "beat"]
    with Stack(home=tmp_path, folder=tmp_path, show=None) as stack:
        stack.start([python(name, code.format(path=str(ended), name=name)) for name in names])
        logs = [tmp_path / "logs" / f"{name}.log" for name in names]
        wait_for(lambda: all(log.exists() and log.read_text() for log in logs))
        os.kill(recorded(tmp_path)["worker"], signal.SIGKILL)  # Started again, it keeps its place in the order.
        wait_for(lambda: logs[1].read_text().count("ready") == 2)
    assert ended.read_text().split() == ["beat", "worker", "web"]


def test_a_process_deaf_to_sigterm_is_killed(tmp_path: Path) -> None:
    deaf = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('deaf', flush=True)\n" + FOREVER
    with Stack(home=tmp_path, folder=tmp_path, show=None) as stack:
        stack.start([python("worker", deaf, stop_seconds=0.2)])
        pid = recorded(tmp_path)["worker"]
        wait_for((tmp_path / "logs" / "worker.log").exists)
        wait_for(lambda: bool((tmp_path / "logs" / "worker.log").read_text()))
    assert not is_alive(pid)


def test_nothing_a_process_started_outlives_the_stack(tmp_path: Path, supervisor: subprocess.Popen[str]) -> None:
    pair = psutil.Process(recorded(tmp_path)["pair"])
    wait_for(lambda: bool(pair.children()))
    [offspring] = pair.children()
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(20) == 0
    assert not is_alive(pair.pid)
    assert not is_alive(offspring.pid)
    assert not (tmp_path / "stack.json").exists()


@pytest.mark.parametrize("pause", [0.0, 0.02, 0.1])
def test_ctrl_c_stops_in_order_even_when_pressed_twice(
    tmp_path: Path, supervisor: subprocess.Popen[str], pause: float
) -> None:
    pid = recorded(tmp_path)["pair"]
    wait_for(lambda: bool(psutil.Process(pid).children()))
    supervisor.send_signal(signal.SIGINT)
    time.sleep(pause)
    supervisor.send_signal(signal.SIGINT)
    assert supervisor.wait(20) == 0
    assert not is_alive(pid)


def test_in_the_background_ctrl_c_is_heeded_and_a_closed_terminal_is_not(
    tmp_path: Path, supervisor_in_the_background: subprocess.Popen[str]
) -> None:
    pid = recorded(tmp_path)["pair"]
    supervisor_in_the_background.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        supervisor_in_the_background.wait(1)
    assert is_alive(pid)
    supervisor_in_the_background.send_signal(signal.SIGINT)
    assert supervisor_in_the_background.wait(20) == 0
    assert not is_alive(pid)


def test_the_next_stack_ends_what_a_killed_one_left(tmp_path: Path, supervisor: subprocess.Popen[str]) -> None:
    pair = psutil.Process(recorded(tmp_path)["pair"])
    wait_for(lambda: bool(pair.children()))
    [offspring] = pair.children()
    supervisor.kill()
    supervisor.wait(10)
    assert is_alive(pair.pid)
    said: list[str] = []
    with Stack(home=tmp_path, folder=tmp_path, show=said.append):
        assert not is_alive(pair.pid)
        assert not is_alive(offspring.pid)
    assert said == ["ended what an earlier run left behind: pair"]


def test_a_process_with_a_re_used_id_is_left_alone(tmp_path: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", FOREVER])
    try:
        (tmp_path / "stack.json").write_text(json.dumps([{"name": "worker", "pid": other.pid, "started": 1.0}]))
        with Stack(home=tmp_path, folder=tmp_path, show=None):
            assert is_alive(other.pid)
    finally:
        other.kill()
        other.wait()


def test_a_record_cut_short_does_not_stop_the_next_stack(tmp_path: Path) -> None:
    (tmp_path / "stack.json").write_text('[{"name": "wor')
    with Stack(home=tmp_path, folder=tmp_path, show=None) as stack:
        stack.start([python("worker", FOREVER)])
        assert is_alive(recorded(tmp_path)["worker"])


def test_a_second_stack_on_the_same_home_is_refused(tmp_path: Path) -> None:
    with (
        Stack(home=tmp_path, folder=tmp_path, show=None),
        pytest.raises(StackError, match="runs already"),
        Stack(home=tmp_path, folder=tmp_path, show=None),
    ):
        pass


def test_a_taken_port_is_named_before_anything_starts(tmp_path: Path, free_port: int) -> None:
    with socket.socket() as holder, Stack(home=tmp_path, folder=tmp_path, show=None) as stack:
        holder.bind(("127.0.0.1", free_port))
        holder.listen()
        with pytest.raises(StackError, match=f"web needs port {free_port}"):
            stack.start([python("web", FOREVER, port=free_port)])
        assert recorded(tmp_path) == {}


def test_a_process_counts_as_up_once_its_port_answers(tmp_path: Path, free_port: int) -> None:
    code = f"import socket, time\ntime.sleep(0.3)\ns = socket.create_server(('127.0.0.1', {free_port}))\n{FOREVER}"
    with Stack(home=tmp_path, folder=tmp_path, show=None) as stack:
        stack.start([python("web", code, port=free_port)])
        socket.create_connection(("127.0.0.1", free_port), 1).close()


def test_a_process_that_dies_before_its_port_answers_is_named(tmp_path: Path, free_port: int) -> None:
    with (
        Stack(home=tmp_path, folder=tmp_path, show=None) as stack,
        pytest.raises(StackError, match=r"web did not come up; see .*web\.log"),
    ):
        stack.start([python("web", "raise SystemExit('broken')", port=free_port)])
    assert (tmp_path / "logs" / "web.log").read_text() == "broken\n"


def test_lines_are_shown_with_their_process_and_kept_in_its_log(tmp_path: Path) -> None:
    said: list[str] = []
    with Stack(home=tmp_path, folder=tmp_path, show=said.append) as stack:
        stack.start([python("worker", "print('hello')\n" + FOREVER)])
        wait_for(lambda: "worker   | hello" in said)
    assert (tmp_path / "logs" / "worker.log").read_text() == "hello\n"


def test_a_json_line_is_shown_as_a_sentence() -> None:
    line = json.dumps(
        {"at": "2026-01-02T03:04:05.678+00:00", "level": "INFO", "logger": "x", "message": "sent", "n": 3}
    )
    assert render("web", line) == "web      | 03:04:05 INFO sent n=3"


@pytest.mark.parametrize("line", ["plain", "{not json", "[1]", '{"other": 1}'])
def test_any_other_line_is_shown_as_it_is(line: str) -> None:
    assert render("web", line) == f"web      | {line}"
