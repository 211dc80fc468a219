"""Find out what publishing a rule set version would change: the whole re-match but for its storing.

The law of this module: it decides by the code that the re-match decides by, and counts the very chunks that the
re-match would store. So on a hub where nothing else happens the report is what happens.
"""

from collections.abc import Callable
from itertools import count
from typing import Any

from django.conf import settings

from apps.base.actors import Actor
from apps.base.errors import Conflict
from apps.engine.survive import SurvivorshipPolicy
from apps.pipeline.chunking import Chunker
from apps.pipeline.flow import Ask, Decided, decide
from apps.pipeline.models import Run
from apps.pipeline.reading import Trial
from apps.pipeline.runs import Journal, Listener, QuietJournal, journal
from apps.pipeline.snapshot import list_all, list_pending
from apps.pipeline.whatif.marks import digest_of, read_marks
from apps.pipeline.whatif.naming import name_samples
from apps.pipeline.whatif.relaying import in_snapshot
from apps.pipeline.whatif.returning import list_not_as_before
from apps.pipeline.whatif.tallying import Tally
from apps.rulebook import selectors, services

UNSTORED = 1 << 61
"""From here on are the numbers of golden records that a dry run makes up."""


def try_version(*, number: int, actor: Actor, listener: Listener | None = None) -> selectors.DryRunRow:
    """Find out, now and in this process, what publishing a version would change, and return the dry run.

    The first dry run of a draft freezes its statistics. Raises NotFound, OutdatedRules and PolicyError.
    """
    dry_run = services.ask_dry_run(number=number, actor=actor)
    carry_out_dry_run(dry_run_id=dry_run.pk, actor=actor, listener=listener)
    return selectors.get_dry_run(dry_run.pk)


def carry_out_dry_run(*, dry_run_id: int, actor: Actor, listener: Listener | None = None) -> Run:
    """Carry out a dry run that was asked for; killed and called again, it begins anew and nothing has been written."""
    asked = selectors.get_dry_run(dry_run_id)
    try:
        with journal(kind="dry run", arguments={"dry_run": dry_run_id}, actor=actor, listener=listener) as log:
            services.note_dry_run(dry_run_id=dry_run_id, run_id=log.run_id, actor=actor)
            _carry_out(log, asked)
    except Conflict:
        # Another process has it.
        raise
    except Exception as error:
        # Whatever it was belongs in the dry run's record, which must not wait for ever.
        services.fail_dry_run(dry_run_id=dry_run_id, failure=f"{type(error).__name__}: {error}", actor=actor)
        raise
    return log.run


def _carry_out(log: Journal, asked: selectors.DryRunRow) -> None:
    rules, frozen = selectors.get_rules(asked.version)
    SurvivorshipPolicy.from_document(rules.survivorship)
    trial = Trial(asked.version, rules, frozen)

    def look(quiet: Journal | QuietJournal) -> tuple[dict[str, Any], dict[str, Any], Decided]:
        marks = read_marks()
        ask = Ask(
            reason="dry run",
            dirty=sorted({*list_all(), *list_pending()}),
            chunk_records=settings.MDM["CHUNK_RECORDS"],
            workers=settings.MDM["LOAD_WORKERS"],
        )
        decided = decide(quiet, ask, trial)
        return marks, _report(quiet, decided, asked.version), decided

    marks, report, decided = in_snapshot(log, look)
    if frozen is None:
        services.freeze(number=asked.version, statistics=decided.read.active.statistics, actor=log.actor)
    affected = sum(report["counts"].get(kind, 0) for kind in ("changed", "merged", "retired"))
    report |= {
        "records": marks["records"],
        "customers": marks["customers"],
        "affected": affected,
        "share": round(affected / max(marks["customers"], 1), 6),
        "in_force": marks["in_force"],
    }
    log.count(**{name: n for name, n in report["counts"].items() if n})
    services.keep_report(
        dry_run_id=asked.dry_run_id,
        marks=marks,
        digest=digest_of(marks, rules.digest),
        report=report,
        actor=log.actor,
    )


def _report(quiet: Journal | QuietJournal, decided: Decided, version: int) -> dict[str, Any]:
    chunker = Chunker(decided.settled, version, 0, allocate=_made_up())
    tally = Tally(decided.read.rules)
    tally.open_standard()
    with quiet.stage("count", total=decided.settled.partition.chunks) as stage:
        for done, chunk in enumerate(chunker.chunks(), start=1):
            tally.add(chunk, chunker)
            stage.advance(done)
    report = tally.finish()
    elsewhere, total = list_not_as_before(version, decided.settled, chunker)
    report["not_as_before"] = {"records": total, "samples": elsewhere}
    return name_samples(report)


def _made_up() -> Callable[[int], list[int]]:
    numbers = count(UNSTORED)

    def allocate(many: int) -> list[int]:
        return [next(numbers) for _ in range(many)]

    return allocate
