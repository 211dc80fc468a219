"""Store chunks side by side: while the server works on one, the next is being built and sent."""

from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from django.db import connection

from apps.pipeline.store import Chunk, Context, Stored, store_chunk


def store_chunks(chunks: Iterator[Chunk], context: Context, stored: Stored, *, workers: int) -> Iterator[int]:
    """Store every chunk and yield how many are done, after each.

    Inside a transaction everything runs on its connection, one after the other; else up to `workers` chunks are on
    their way at once, each on a connection of its own. The first failure stops the rest and is raised.
    """
    if workers < 2 or connection.in_atomic_block:
        for done, chunk in enumerate(chunks, start=1):
            store_chunk(chunk, context, stored)
            yield done
        return
    done = 0
    with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="store") as pool:
        waiting: set[Future[None]] = set()
        for chunk in chunks:
            waiting.add(pool.submit(_store, chunk, context, stored))
            if len(waiting) > workers:
                waiting, done = _collect(waiting, done)
                yield done
        while waiting:
            waiting, done = _collect(waiting, done)
            yield done
        for _ in range(workers):
            pool.submit(connection.close)


def _store(chunk: Chunk, context: Context, stored: Stored) -> None:
    try:
        store_chunk(chunk, context, stored)
    except BaseException:
        connection.close()
        raise


def _collect(waiting: set[Future[None]], done: int) -> tuple[set[Future[None]], int]:
    finished, rest = wait(waiting, return_when=FIRST_COMPLETED)
    for future in finished:
        future.result()
    return set(rest), done + len(finished)
