"""Scheduled sync: files that appear in the watched folder, and systems that are pulled by pages."""

import json
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.base.actors import Actor
from apps.delivery.services import note_found
from apps.pipeline.loading import SourceFile, load_files, resolve_pending
from apps.pipeline.runs import Journal, journal
from apps.sources.connectors.base import Page
from apps.sources.connectors.standin_crm import list_pages
from apps.sources.intake import FileRefused, SourceMapping, load_mapping, open_file
from apps.sources.services import (
    SourceSystem,
    close_batch,
    land_frame,
    open_batch,
    read_cursor,
    register_source,
    save_cursor,
)

SUFFIXES = (".csv", ".xlsx", ".jsonl", ".parquet")


def sync_folder(*, actor: Actor) -> str:
    """Load every new file of `WATCH_FOLDER/<source>/`, whose `mapping.toml` reads it, oldest first; say what was done.

    A file that was taken in moves to `done/`, one that can't be used to `refused/`. A file still being written is
    protected by its writer: it appears under its final name when it is whole.
    """
    root = Path(settings.MDM["WATCH_FOLDER"])
    loaded, refused = 0, 0
    for folder in sorted(p for p in root.glob("*") if (p / "mapping.toml").is_file()):
        mapping = load_mapping(folder / "mapping.toml")
        for path in sorted(
            (p for p in folder.glob("*") if p.suffix in SUFFIXES), key=lambda p: (p.stat().st_mtime, p.name)
        ):
            try:
                load_files(files=[SourceFile(folder.name, path, mapping)], actor=actor)
                loaded += 1
                _put_away(path, "done")
            except FileRefused:
                refused += 1
                _put_away(path, "refused")
    return f"{loaded} files loaded, {refused} refused"


def sync_pulled(*, actor: Actor) -> str:
    """Pull what changed from every configured system and resolve it; say what was done."""
    said = []
    for code, wanted in settings.MDM["PULL"].items():
        source = register_source(code=code, kind="crm", actor=actor)
        # The mapping was written for the system's files; a page has the same columns in another format.
        mapping = replace(load_mapping(wanted["mapping"]), format="jsonl", encoding=None, delimiter=None, mode="delta")
        with journal(kind="pull", arguments={"source": code, "at": timezone.now().isoformat()}, actor=actor) as log:
            for page in list_pages(read_cursor(source), url=wanted["url"]):
                _land_page(log, source, mapping, page)
            resolve_pending(log, reason=f"pull from {code}")
            counts = log.run.counts
        said.append(f"{code}: {counts.get('new', 0)} new, {counts.get('changed_rows', 0)} changed")
    return "; ".join(said) or "nothing to pull"


def _land_page(log: Journal, source: SourceSystem, mapping: SourceMapping, page: Page) -> None:
    """Land one page, note the ids found in its slots, and only then move the cursor."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / f"{source.code}-page.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in page.rows), encoding="utf-8")
        with transaction.atomic():
            if page.rows:
                _land_rows(log, source, mapping, path)
            note_found(source_code=source.code, rows=page.found, actor=log.actor)
            save_cursor(source=source, position=page.next_cursor)


def _land_rows(log: Journal, source: SourceSystem, mapping: SourceMapping, path: Path) -> None:
    reader = open_file(path, mapping)
    batch = open_batch(
        source=source,
        reader=reader,
        mapping=mapping,
        run_id=log.run_id,
        correlation=log.correlation,
        actor=log.actor,
    )
    for frame in reader.batches(start_row=batch.rows_landed):
        landed = land_frame(batch=batch, frame=frame, actor=log.actor, compare="given")
        log.count(rows=frame.rows.num_rows, new=landed.new, changed_rows=landed.changed, unchanged=landed.unchanged)
    close_batch(batch=batch, actor=log.actor)


def _put_away(path: Path, where: str) -> None:
    folder = path.parent / where
    folder.mkdir(exist_ok=True)
    target = folder / path.name
    if target.exists():
        target = folder / f"{path.stem}-{timezone.now():%Y%m%dT%H%M%S%f}{path.suffix}"
    shutil.move(path, target)
