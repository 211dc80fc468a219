"""The processes of the hub."""

import sys
from typing import Final

from mdmhub.stack.child import Child

# A delivery or a chunk under way may finish before the worker is ended.
_WORKER_STOP_SECONDS = 30.0
WEB_THREADS: Final = 4
"""Of each process of the web server: a look-up waits for the database most of its time."""


def hub_children(*, web_port: int, web_workers: int, log_level: str) -> tuple[Child, ...]:
    """Return the hub's own processes in the order they start: web, worker, beat."""
    return (gunicorn(port=web_port, workers=web_workers), worker(log_level=log_level), beat(log_level=log_level))


def gunicorn(*, port: int, workers: int) -> Child:
    """Return the web server on 127.0.0.1."""
    words = ("-m", "gunicorn", "mdmhub.wsgi:application", "--bind", f"127.0.0.1:{port}", "--workers", str(workers))
    threads = ("--worker-class", "gthread", "--threads", str(WEB_THREADS), "--no-control-socket")
    return Child("web", (sys.executable, *words, *threads), port=port)


def worker(*, log_level: str, concurrency: int = 2) -> Child:
    """Return the Celery worker; it neither gossips nor mingles, since nothing needs the other workers' names."""
    words = ("-m", "celery", "--app", "mdmhub.celery", "worker", "--loglevel", log_level)
    pool = ("--concurrency", str(concurrency), "--without-gossip", "--without-mingle")
    return Child("worker", (sys.executable, *words, *pool), stop_seconds=_WORKER_STOP_SECONDS)


def beat(*, log_level: str) -> Child:
    """Return the clock that wakes periodic jobs."""
    words = ("-m", "celery", "--app", "mdmhub.celery", "beat", "--loglevel", log_level, "--pidfile=")
    return Child("beat", (sys.executable, *words))


def management(name: str, *words: str, port: int | None = None) -> Child:
    """Return a management command that runs until it is stopped, such as one of the demo's stand-ins."""
    return Child(name, (sys.executable, "manage.py", *words), port=port)
