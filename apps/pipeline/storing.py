"""Store chunks side by side: while the server works on one, the next is being built and sent.

Chunks and live writers take turns: a live writer who reads while a chunk commits would see half of either. So the
gate is held here for a spell of chunks, and let go between spells for whoever waits.
"""

import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from threading import Barrier
from typing import Final

from django.db import connection

from apps.base.locks import Gate, lock_gate, one_at_a_time
from apps.base.retrying import retrying
from apps.pipeline.store import Chunk, Context, Stored, store_chunk

SPELL_SECONDS: Final = 1.0
"""How long live writers wait for a bulk run at most, beside the chunks under way."""


def store_chunks(chunks: Iterator[Chunk], context: Context, stored: Stored, *, workers: int) -> Iterator[int]:
    """Store every chunk and yield how many are done, after each.

    Inside a transaction everything runs on its connection, one after the other; else up to `workers` chunks are on
    their way at once, each on a connection of its own. The first failure stops the rest and is raised.
    """
    if connection.in_atomic_block:
        # Without live writers, as a decision is. One that waited for the other gate would wait for chunks that wait
        # for it, which the server can't see: their run waits for them in its own process.
        lock_gate(Gate.INTAKE)
        for done, chunk in enumerate(chunks, start=1):
            store_chunk(chunk, context, stored)
            yield done
        return
    done = 0
    with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="store") as pool:
        following = next(chunks, None)
        while following is not None:
            with one_at_a_time(Gate.STORE):
                until, waiting = time.monotonic() + SPELL_SECONDS, set[Future[None]]()
                while following is not None and time.monotonic() < until:
                    waiting.add(pool.submit(_store, following, context, stored))
                    following = next(chunks, None)
                    if len(waiting) > workers:
                        waiting, done = _collect(waiting, done)
                        yield done
                while waiting:
                    waiting, done = _collect(waiting, done)
                    yield done
        # Every thread comes to the barrier, so each of them closes the connection that is its own.
        together = Barrier(workers)
        for _ in range(workers):
            pool.submit(_leave, together)


def _store(chunk: Chunk, context: Context, stored: Stored) -> None:
    try:
        # Two chunks may close one case: one of them then comes again.
        retrying(lambda: store_chunk(chunk, context, stored))
    except BaseException:
        connection.close()
        raise


def _leave(together: Barrier) -> None:
    together.wait()
    connection.close()


def _collect(waiting: set[Future[None]], done: int) -> tuple[set[Future[None]], int]:
    finished, rest = wait(waiting, return_when=FIRST_COMPLETED)
    for future in finished:
        future.result()
    return set(rest), done + len(finished)
