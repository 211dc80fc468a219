"""Load files that were handed over. Uploads wait in PostgreSQL: a poll finds them, a lock gives each to one worker."""

import logging
from dataclasses import dataclass
from typing import Any, Final

from apps.base.actors import Actor
from apps.base.errors import Conflict, Invalid
from apps.base.locks import Gate, alone
from apps.pipeline.loading import SourceFile, load_files
from apps.pipeline.runs import Stage
from apps.pipeline.selectors import RunRow, find_run
from apps.sources.intake import FileRefused, MappingError, SourceMapping, list_presets, load_mapping
from apps.sources.intake import mapping_from_document as read_mapping
from apps.sources.raw_pushing import NoMapping
from apps.sources.selectors import FaultRow, UploadRow, find_stored_mapping, get_upload, list_faults_of_run
from apps.sources.uploads import (
    Upload,
    end_upload,
    fail_upload,
    forget_leftovers,
    is_still_due,
    note_run,
    path_of,
    put_off_upload,
    refuse_upload,
    stream_due,
)

FORMATS: Final = {".csv": "csv", ".jsonl": "jsonl", ".parquet": "parquet", ".xlsx": "xlsx"}
SHOWN_FAULTS: Final = 100
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """An upload with the run that carries it out, once there is one, and the first of its faults."""

    upload: UploadRow
    run: RunRow | None
    faults: tuple[FaultRow, ...]

    @property
    def state(self) -> str:
        """The upload's state; running while its run is."""
        is_running = self.run is not None and self.run.state == "running"
        return "running" if self.upload.state == "waiting" and is_running else self.upload.state


def get_job(upload_id: int) -> Job:
    """Return an upload with its progress; raise NotFound. Two to five queries."""
    upload = get_upload(upload_id)
    if upload.run_id is None:
        return Job(upload, None, ())
    return Job(upload, find_run(upload.run_id), tuple(list_faults_of_run(upload.run_id, limit=SHOWN_FAULTS)))


def choose_mapping(*, source_code: str, preset: str | None, suffix: str, mode: str | None = None) -> SourceMapping:
    """Return the mapping for a file of this kind: the preset asked for, or the one that read the source's newest file.

    Raises Invalid for an unknown preset and NoMapping where neither is there.
    """
    if preset is not None and preset not in list_presets():
        raise Invalid(
            f"There is no preset {preset[:60]!r}; known: {', '.join(list_presets())}.", presets=list_presets()
        )
    found = load_mapping(preset) if preset is not None else find_stored_mapping(source_code)
    if found is None:
        raise NoMapping(
            f"No file of {source_code!r} was loaded yet, so no mapping is stored. Name a preset with `mapping`.",
            source=source_code,
            presets=list_presets(),
        )
    document: dict[str, Any] = dict(found.document)
    if document.get("format") != FORMATS[suffix]:
        # Settings of the other format say nothing about this one.
        document = {name: value for name, value in document.items() if name not in {"encoding", "delimiter", "sheet"}}
    document["format"] = FORMATS[suffix]
    if mode is not None:
        document["mode"] = mode
    return read_mapping(document, name=preset or f"the mapping of {source_code}")


def load_uploads() -> str:
    """Load every file that waits and that no other worker has; say what was done."""
    done = 0
    for upload in stream_due():
        with alone(Gate.UPLOAD, upload.pk) as is_mine:
            # Another worker may have closed it between the look and the lock.
            if is_mine and is_still_due(upload):
                _load(upload)
                done += 1
    return f"{done} uploads taken up"


def forget_spool() -> str:
    """Remove leftovers of the spool; say how many."""
    return f"{forget_leftovers()} leftovers removed"


def _load(upload: Upload) -> None:
    path = path_of(upload)
    if not path.is_file():
        reason = "the file is no longer in the spool; hand it over again"
        fail_upload(upload, code="upload.file_missing", reason=reason, is_final=True)
        return

    def listen(stage: Stage) -> None:
        if stage.row is not None:
            note_run(upload, stage.row.run_id)

    kind, _, name = upload.actor.partition(":")
    actor = Actor("system", name) if kind == "system" else Actor.hub(name or kind)
    try:
        mapping = read_mapping(upload.mapping, name=f"the mapping of upload {upload.pk}")
        load_files(files=[SourceFile(upload.source.code, path, mapping)], actor=actor, listener=listen)
    except FileRefused as refusal:
        refuse_upload(upload, refusal)
    except MappingError as error:
        fail_upload(upload, code=error.code, reason=str(error), is_final=True)
    except Conflict as error:
        # A run of it is under way, or the rules stand against it: not the file's fault, so it waits on.
        put_off_upload(upload, code=error.code, reason=error.detail)
    except Exception as error:
        # Whatever it was belongs in the job's record; the next poll resumes, until the attempts are used up.
        logger.exception("upload failed", extra={"hub": {"upload": upload.pk}})
        fail_upload(upload, code="upload.failed", reason=f"{type(error).__name__}: {error}")
    else:
        end_upload(upload)
