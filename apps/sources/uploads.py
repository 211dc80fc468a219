"""Files handed over for intake: they wait in the spool until a worker has loaded them, and then they are removed.

The law: a file stays in the spool until its upload has come to its end: a worker killed at any point finds it again.
"""

import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, Final
from uuid import uuid4

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.base.actors import Actor, acting
from apps.base.errors import Invalid
from apps.sources.intake import FileRefused, SourceMapping
from apps.sources.intake.errors import printable_name
from apps.sources.models import SourceSystem, Upload

__all__ = [
    "Spooled",
    "Upload",
    "UploadEmpty",
    "UploadTooLarge",
    "end_upload",
    "fail_upload",
    "forget_leftovers",
    "is_still_due",
    "note_run",
    "path_of",
    "put_off_upload",
    "refuse_upload",
    "register_upload",
    "spool",
    "stream_due",
]

SUFFIXES: Final = (".csv", ".jsonl", ".parquet", ".xlsx")
ATTEMPTS: Final = 3
PAUSE: Final = timedelta(seconds=30)
# A part that nobody registered within a day belongs to a request that died.
LEFTOVER_SECONDS: Final = 24 * 3600
_BLOCK_BYTES: Final = 1 << 20


class UploadTooLarge(Invalid):
    """A file is longer than the hub takes over HTTP."""

    code = "upload.too_large"
    status = 413
    title = "The file is too large"


class UploadEmpty(Invalid):
    """A file without a byte."""

    code = "upload.empty"
    title = "The file is empty"


@dataclass(frozen=True, slots=True)
class Spooled:
    """A file in the spool that is no upload yet. `digest` is the SHA-256 of its bytes; `discard` it in any case."""

    path: Path
    suffix: str
    byte_count: int
    digest: str

    def discard(self) -> None:
        """Remove the file's first name; an upload made of it keeps its own."""
        self.path.unlink(missing_ok=True)


def spool_folder() -> Path:
    """Return the folder of waiting files. Web and workers on several machines must share it."""
    folder = Path(settings.MDM["SPOOL_FOLDER"])
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def spool(stream: IO[Any], suffix: str) -> Spooled:
    """Write a stream into the spool, block by block; raise UploadTooLarge or UploadEmpty and leave nothing then."""
    path = spool_folder() / f"{uuid4().hex}.part"
    try:
        written, digest = _write(stream, path, most=settings.MDM["UPLOAD_BYTES"])
    except BaseException:
        # Whatever ended the request, half a file is of no use to anybody.
        path.unlink(missing_ok=True)
        raise
    return Spooled(path, suffix, written, digest)


def _write(stream: IO[Any], path: Path, *, most: int) -> tuple[int, str]:
    digest, written = hashlib.sha256(), 0
    with path.open("xb") as target:
        while block := stream.read(_BLOCK_BYTES):
            written += len(block)
            if written > most:
                raise UploadTooLarge(f"The file may have at most {most:,} bytes.", maximum=most)
            digest.update(block)
            target.write(block)
        target.flush()
        os.fsync(target.fileno())
    if not written:
        raise UploadEmpty("Send the file as the body of the request.")
    return written, digest.hexdigest()


def register_upload(
    *, spooled: Spooled, source: SourceSystem, mapping: SourceMapping, name: str, actor: Actor
) -> Upload:
    """Make a spooled file an upload that waits for a worker, in the caller's transaction."""
    with acting(actor, reason="file handed over"):
        upload = Upload.objects.create(
            source=source,
            name=printable_name(name) or "file",
            suffix=spooled.suffix,
            byte_count=spooled.byte_count,
            content_digest=spooled.digest,
            mapping=dict(mapping.document),
            actor=str(actor),
        )
        # Before the commit: a worker that sees the upload finds its file. A link, since the transaction may be tried
        # again under another number; one without a commit is a leftover.
        os.link(spooled.path, path_of(upload))
    return upload


def path_of(upload: Upload) -> Path:
    """Return where an upload's file waits. Its name is the hub's own; the sender's is only shown."""
    return spool_folder() / f"upload-{upload.pk}{upload.suffix}"


def stream_due() -> Iterator[Upload]:
    """Yield the waiting uploads that are due, oldest first, each as it is when its turn comes."""
    for pk in list(_due().order_by("pk").values_list("pk", flat=True)):
        upload = _due().select_related("source").filter(pk=pk).first()
        if upload is not None:
            yield upload


def is_still_due(upload: Upload) -> bool:
    """Read an upload again, under its lock, and say whether it still waits."""
    upload.refresh_from_db()
    return _due().filter(pk=upload.pk).exists()


def _due() -> QuerySet[Upload]:
    return Upload.objects.filter(state=Upload.State.WAITING).filter(Q(due_at=None) | Q(due_at__lte=timezone.now()))


def note_run(upload: Upload, run_id: int) -> None:
    """Say which run carries an upload out."""
    if upload.run_id != run_id:
        upload.run_id = run_id
        upload.save(update_fields=["run_id"])


def end_upload(upload: Upload) -> None:
    """Close an upload whose rows all have their outcome, and remove its file."""
    _end(upload, Upload.State.DONE, "", "")


def refuse_upload(upload: Upload, refusal: FileRefused) -> None:
    """Close an upload whose file can't be used."""
    _end(upload, Upload.State.REFUSED, refusal.code, refusal.reason)


def fail_upload(upload: Upload, *, code: str, reason: str, is_final: bool = False) -> None:
    """Note a failed attempt; after the last the upload is closed. What has landed stays, and is found unchanged."""
    upload.attempts += 1
    if is_final or upload.attempts >= ATTEMPTS:
        _end(upload, Upload.State.FAILED, code, reason)
        return
    put_off_upload(upload, code=code, reason=reason)


def put_off_upload(upload: Upload, *, code: str, reason: str) -> None:
    """Leave an upload for later, saying what stands against it now. This is no attempt."""
    upload.failure_code, upload.failure = code, reason[:500]
    upload.due_at = timezone.now() + PAUSE * 2**upload.attempts
    upload.save()


def forget_leftovers() -> int:
    """Remove files of the spool that no waiting upload names, a day after they were written; return how many."""
    waiting = {path_of(upload).name for upload in Upload.objects.filter(state=Upload.State.WAITING)}
    removed = 0
    for path in spool_folder().iterdir():
        if path.name not in waiting and time.time() - path.stat().st_mtime > LEFTOVER_SECONDS:
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def _end(upload: Upload, state: str, code: str, reason: str) -> None:
    upload.state, upload.failure_code, upload.failure = state, code[:60], reason[:500]
    upload.finished_at = timezone.now()
    upload.save()
    path_of(upload).unlink(missing_ok=True)
