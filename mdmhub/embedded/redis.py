"""Redis from its wheel or from PATH: start it, stop it.

Redis carries wake-ups only. Its append-only file spares a restart the wait for the next poll; losing it loses nothing.

Callers hold the place's lock.
"""

import contextlib
import time
from pathlib import Path
from urllib.parse import quote

import psutil
from redis import Redis
from redis.exceptions import RedisError

from mdmhub.embedded.place import EmbeddedServerError, Place
from mdmhub.embedded.processes import find_server, run_tool, wait_until_idle
from mdmhub.embedded.programs import find_redis

_START_SECONDS = 60
_STOP_SECONDS = 30


def redis_url(place: Place) -> str:
    """Return the URL of the embedded Redis in the form Celery takes; `connect` takes it too."""
    if place.tcp_port:
        return f"redis://:{quote(place.read_secret('redis'), safe='')}@127.0.0.1:{place.tcp_port + 1}/0"
    return f"redis+socket://{quote(str(place.redis_socket))}?virtual_host=0"


def connect(url: str) -> Redis:
    """Return a client for a `redis://`, `rediss://`, `unix://` or `redis+socket://` URL."""
    if url.startswith("redis+socket://"):
        path, _, query = url.removeprefix("redis+socket://").partition("?")
        return Redis.from_url(f"unix://{path}?{query.replace('virtual_host=', 'db=')}")
    return Redis.from_url(url)


def is_running(place: Place) -> bool:
    """Tell whether this place's Redis is alive."""
    return _find(place) is not None


def start(place: Place) -> None:
    """Start Redis and return once it answers.

    Raises EmbeddedServerError where it doesn't come up, with the end of its log.
    """
    program = find_redis(place)
    wait_until_idle(place.redis_data, _STOP_SECONDS)
    settings = place.redis_data / "redis.conf"
    settings.write_text(_render_settings(place), encoding="utf-8")
    settings.chmod(0o644)  # The folder around it is private already.
    run_tool([program, settings], place.account)
    deadline = time.monotonic() + _START_SECONDS
    while not answers(place):
        # It goes to the background before it opens its socket, so a failure shows in its log only.
        if time.monotonic() > deadline or (time.monotonic() > deadline - _START_SECONDS + 3 and not is_running(place)):
            raise EmbeddedServerError(f"Redis did not start: {_tail(place.logs / 'redis.log')}")
        time.sleep(0.02)


def stop(place: Place) -> bool:
    """Stop Redis, which writes its file out first; return False where it wasn't running.

    Raises EmbeddedServerError where it won't stop.
    """
    process = _find(place)
    if process is None:
        return False
    with contextlib.suppress(psutil.NoSuchProcess):
        process.terminate()
    wait_until_idle(place.redis_data, _STOP_SECONDS)
    return True


def answers(place: Place) -> bool:
    """Tell whether Redis takes commands now; while it still loads its file it doesn't."""
    try:
        with connect(redis_url(place)) as client:
            return bool(client.ping())
    except (RedisError, OSError):
        return False


def _find(place: Place) -> psutil.Process | None:
    return find_server(place.redis_data / "redis.pid", place.redis_data)


def _render_settings(place: Place) -> str:
    settings = {
        "port": str(place.tcp_port + 1) if place.tcp_port else "0",
        "bind": "127.0.0.1",
        "unixsocket": _quoted(place.redis_socket),
        "unixsocketperm": "700",
        "dir": _quoted(place.redis_data),
        "pidfile": _quoted(place.redis_data / "redis.pid"),
        "logfile": _quoted(place.logs / "redis.log"),
        "daemonize": "yes",
        "appendonly": "yes",
        "save": '""',
        # A broker that evicts would drop messages without a word.
        "maxmemory-policy": "noeviction",
    }
    if place.tcp_port:
        settings["requirepass"] = _quoted(place.make_secret("redis"))
    return "".join(f"{name} {value}\n" for name, value in settings.items())


def _quoted(value: Path | str) -> str:
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _tail(log: Path) -> str:
    try:
        return " / ".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-4:])
    except OSError:
        return "it wrote no log"
