"""PostgreSQL 18 from its wheel: make the cluster, start it, stop it.

The laws here: a cluster is built aside and renamed last, so an interrupted build leaves nothing that looks finished;
and a pid file is taken away only once no process works in the cluster, so two servers never share one.

Callers hold the place's lock.
"""

import os
import pwd
import secrets
import shutil
from pathlib import Path
from typing import Final

from mdmhub.embedded.place import POSTGRES_PORT, EmbeddedServerError, Place, close_folder
from mdmhub.embedded.processes import find_server, run_tool, wait_until_idle
from mdmhub.embedded.programs import find_postgres

ADMIN_ROLE = "hub_admin"

# Crash recovery replays up to max_wal_size of log; on a slow disk that takes minutes.
_START_SECONDS = 600
_STOP_SECONDS = 120
_IDLE_SECONDS = 30

SETTINGS: Final = {
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "log_checkpoints": "off",
    "max_connections": "100",
    # A live writer locks each match key that it looks by: 64 writers with 6,000 each are 384,000, and the server has
    # room for this many times its connections.
    "max_locks_per_transaction": "4096",
    # Pushes change pages by chance; where few fit in, each read has to write another page first.
    "shared_buffers": "1GB",
    "effective_cache_size": "2GB",
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "random_page_cost": "1.1",
    # Nothing committed is lost, whatever ends the machine.
    "fsync": "on",
    "synchronous_commit": "on",
    # A bulk load writes gigabytes; frequent checkpoints would write each page many times.
    "max_wal_size": "8GB",
    "checkpoint_timeout": "15min",
    "checkpoint_completion_target": "0.9",
    # The wheel is built without LLVM.
    "jit": "off",
}


def is_running(place: Place) -> bool:
    """Tell whether this place's PostgreSQL is alive."""
    return find_server(place.postgres_data / "postmaster.pid", place.postgres_data) is not None


def start(place: Place) -> None:
    """Start PostgreSQL and return once it takes connections; make its cluster first where there is none.

    Raises EmbeddedServerError where it doesn't come up, with the end of its log.
    """
    programs = find_postgres(place)
    run_tool([programs / "postgres", "--version"], place.account)  # A clear refusal now, not half-way through.
    if not place.postgres_data.exists():
        _build_cluster(place, programs)
    data = place.postgres_data
    close_folder(data, place.account)
    wait_until_idle(data, _IDLE_SECONDS)
    # Nobody works here, so these are stale; PostgreSQL would trust them where the number in them is now some other
    # program's, or that of a killed server which nobody has reaped.
    for stale in (data / "postmaster.pid", *place.sockets.glob(".s.PGSQL.*")):
        stale.unlink(missing_ok=True)
    _write(data / "hub.conf", _render_settings(place), place)
    _write(data / "pg_hba.conf", _ACCESS, place)
    _write(data / "pg_ident.conf", _render_accounts(place), place)
    log = place.logs / "postgres.log"
    try:
        # Relative paths: pg_ctl hands them to a shell, which would read a quote or a dollar sign in a home's name.
        names = ("-D", data.name, "-l", str(log.relative_to(place.root)))
        wait = ("-w", "-t", str(_START_SECONDS), "-s")
        run_tool([programs / "pg_ctl", "start", *names, *wait], place.account, place.root)
    except EmbeddedServerError as error:
        raise EmbeddedServerError(f"PostgreSQL did not start: {_tail(log) or error}") from error


def stop(place: Place) -> bool:
    """Stop PostgreSQL, rolling open transactions back; return False where it wasn't running.

    Raises EmbeddedServerError where it won't stop.
    """
    if not is_running(place):
        return False
    pg_ctl = find_postgres(place) / "pg_ctl"
    wait = ("-w", "-t", str(_STOP_SECONDS), "-s")
    run_tool([pg_ctl, "stop", "-D", place.postgres_data, "-m", "fast", *wait], place.account)
    return True


def _build_cluster(place: Place, programs: Path) -> None:
    for left_over in place.root.glob("pgdata.new-*"):
        shutil.rmtree(left_over, ignore_errors=True)
    # A name of its own: an initdb that outlived its caller may still be writing to an older draft.
    draft = place.root / f"pgdata.new-{os.getpid()}-{secrets.token_hex(4)}"
    close_folder(draft, place.account)
    words: list[str | Path] = [
        programs / "initdb",
        "-D",
        draft,
        "-U",
        ADMIN_ROLE,
        "--auth=scram-sha-256",
        "--auth-local=peer",
    ]
    # The built-in provider sorts by code point on every machine, and needs no locale installed.
    locale = ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    run_tool([*words, *locale, "--no-instructions"], place.account)
    with (draft / "postgresql.conf").open("a", encoding="ascii") as settings:
        settings.write("\ninclude = 'hub.conf'\n")
    draft.rename(place.postgres_data)


_ACCESS = f"""\
# The administrator's role is reached from the server's own account only, over the socket; it has no password.
local all {ADMIN_ROLE} peer map=keeper
local all all scram-sha-256
host all {ADMIN_ROLE} all reject
host all all 127.0.0.1/32 scram-sha-256
host all all ::1/128 scram-sha-256
"""


def _render_settings(place: Place) -> str:
    settings = {
        **SETTINGS,
        "listen_addresses": "127.0.0.1" if place.tcp_port else "",
        "port": str(postgres_port(place)),
        "unix_socket_directories": str(place.sockets),
        "unix_socket_permissions": "0700",
    }
    return "".join(f"{name} = '{value}'\n" for name, value in settings.items())


def postgres_port(place: Place) -> int:
    """Return the port that names the socket, and where asked for the TCP listener."""
    return place.tcp_port or POSTGRES_PORT


def _render_accounts(place: Place) -> str:
    names = {pwd.getpwuid(os.geteuid()).pw_name, *([place.account.name] if place.account else [])}
    return "".join(f'keeper "{name}" {ADMIN_ROLE}\n' for name in sorted(names))


def _write(path: Path, content: str, place: Place) -> None:
    path.write_text(content, encoding="utf-8")
    path.chmod(0o600)
    if place.account:
        os.chown(path, place.account.uid, place.account.gid)


def _tail(log: Path) -> str:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return " / ".join(lines[-6:])
