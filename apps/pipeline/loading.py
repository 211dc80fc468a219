"""Load files: land every source's rows, then resolve what is pending. Interrupted anywhere, the same call resumes."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from apps.base.actors import Actor
from apps.cases.services import open_case
from apps.pipeline.flow import Ask, resolve
from apps.pipeline.models import Run
from apps.pipeline.runs import Journal, Listener, Stage, journal
from apps.pipeline.snapshot import list_pending
from apps.sources.intake import FileRefused, IntakeBatchFrame, SourceMapping, open_file
from apps.sources.services import IntakeBatch, close_batch, land_frame, open_batch, refuse_file, register_source

KINDS = ("crm", "billing", "erp")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of one source, with the mapping that reads it."""

    code: str
    path: Path
    mapping: SourceMapping

    @property
    def kind(self) -> str:
        """The kind of system, read off the source's code."""
        return next((kind for kind in KINDS if kind in self.code.lower()), "other")


def load_files(*, files: Sequence[SourceFile], actor: Actor, listener: Listener | None = None) -> Run:
    """Take the files in, resolve, and return the run with its counts.

    A refused file is recorded and raises FileRefused after the others have landed and been resolved.
    """
    arguments = {"files": [[f.code, f.path.name] for f in files]}
    refusals: list[FileRefused] = []
    with journal(kind="load", arguments=arguments, actor=actor, listener=listener) as log:
        with log.stage("intake") as stage:
            for file in files:
                try:
                    _land(log, file, stage)
                except FileRefused as refusal:
                    refusals.append(refusal)
        resolve_pending(log, reason=f"load of {', '.join(f.code for f in files)}")
    if refusals:
        raise refusals[0]
    return log.run


def resolve_pending(log: Journal, *, reason: str) -> None:
    """Resolve whatever is pending and add what happened to the run's counts."""
    ask = Ask(
        reason=reason,
        dirty=list_pending(),
        chunk_records=settings.MDM["CHUNK_RECORDS"],
        workers=settings.MDM["LOAD_WORKERS"],
    )
    log.count(**resolve(log, ask).counts)


def _land(log: Journal, file: SourceFile, stage: Stage) -> IntakeBatch:
    source = register_source(code=file.code, kind=file.kind, actor=log.actor)
    try:
        reader = open_file(file.path, file.mapping)
        batch = open_batch(
            source=source,
            reader=reader,
            mapping=file.mapping,
            run_id=log.run_id,
            correlation=log.correlation,
            actor=log.actor,
        )
        if batch.state != IntakeBatch.State.LANDING:
            log.count(files_known=1, rows_known=batch.rows_read)
            return batch
        for frame in read_ahead(reader.batches(start_row=batch.rows_landed)):
            landed = land_frame(batch=batch, frame=frame, actor=log.actor)
            log.count(rows=frame.rows.num_rows, faults=len(frame.faults), new=landed.new, changed_rows=landed.changed)
            stage.advance(log.run.counts["rows"], None, **{f"{file.code}_rows": batch.rows_read})
    except FileRefused as refusal:
        refuse_file(source=source, refusal=refusal, run_id=log.run_id, correlation=log.correlation, actor=log.actor)
        log.count(files_refused=1)
        raise
    return _close(log, batch)


def read_ahead(frames: Iterator[IntakeBatchFrame]) -> Iterator[IntakeBatchFrame]:
    """Yield the frames, reading each next one while the last is being landed."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="read") as pool:
        following = pool.submit(next, frames, None)
        while (frame := following.result()) is not None:
            following = pool.submit(next, frames, None)
            yield frame


def _close(log: Journal, batch: IntakeBatch) -> IntakeBatch:
    closed = close_batch(batch=batch, actor=log.actor)
    if closed.state == IntakeBatch.State.HELD:
        log.count(batches_held=1)
        open_case(
            kind="drop_guard",
            question=f"Did these accounts really leave {closed.source.name}? {closed.held_reason}.",
            facts={"batch": closed.pk, "absent": closed.keys_absent},
            run_id=log.run_id,
            actor=log.actor,
        )
    elif closed.mode == "snapshot":
        log.count(rows_absent=closed.keys_absent)
    return closed
