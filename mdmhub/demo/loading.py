"""Load the samples, then watch events and ids travel."""

import time
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from rich.console import Console

from apps.base.actors import Actor
from apps.delivery.selectors import count_deliveries, count_write_backs
from apps.legal.company_codes import read_company_codes
from apps.legal.services import register_company_codes, store_extensions
from apps.pipeline.loading import SourceFile, load_files
from apps.pipeline.management.progress import StageBars
from apps.pipeline.runs import Stage
from apps.pipeline.selectors import has_finished_load
from apps.sources.intake import load_mapping

ACTOR = Actor.hub("demo")
SOURCES = ("erp", "billing", "crm")
# Enough for the demo's few thousand events; what is not delivered by then goes on in the background.
PATIENCE_SECONDS = 120.0


def load_samples(console: Console) -> None:
    """Load the three sources and the company codes once; say so where they are there already."""
    if has_finished_load():
        console.print("  The samples are loaded already; here is how they stand.")
        return
    folder = Path(settings.BASE_DIR) / "samples"
    files = [
        SourceFile(c, folder / "us_listed" / f"{c}.csv", load_mapping(folder / "us_listed" / f"{c}.toml"))
        for c in SOURCES
    ]
    console.print("\n[bold]Loading three real account sources[/bold] (ERP, billing, CRM; public US-listed companies)\n")
    with StageBars(console) as bars:
        load_files(files=files, actor=ACTOR, listener=bars.show)
        codes, rows = read_company_codes(folder / "erp_company_codes.csv")
        register_company_codes(codes=codes, actor=ACTOR)
        store_extensions(source_code="erp", rows=rows, run_id=0, actor=ACTOR)
        _watch(bars, "deliver", _deliveries)
        _watch(bars, "write back", _write_backs)


def _watch(bars: StageBars, name: str, count: Callable[[], tuple[int, int]]) -> None:
    stage = Stage(name, None, bars.show)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        done, total = count()
        stage.advance(done, total)
        if done >= total:
            break
        time.sleep(0.5)
    stage.counts = {"done": stage.done}
    stage.finish()


def _deliveries() -> tuple[int, int]:
    states = list(count_deliveries().values())
    return sum(s.get("delivered", 0) for s in states), sum(sum(s.values()) for s in states)


def _write_backs() -> tuple[int, int]:
    states = list(count_write_backs().values())
    return sum(s.get("acknowledged", 0) for s in states), sum(sum(s.values()) for s in states)
