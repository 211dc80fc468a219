"""Show an evaluation in a terminal."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from apps.engine.evaluate import Assessment, Bar, KeysReport, Range
from apps.engine.evaluate.missed import KEPT_APART, NEVER_COMPARED, SCORED_LOW
from apps.engine.evaluate.thresholds import AtThreshold
from apps.engine.rules import Thresholds
from apps.pipeline.evaluating import Subject
from apps.pipeline.evaluating.writing import in_bits, waterfall

TITLES = {
    "b3_precision": "B-cubed precision",
    "b3_recall": "B-cubed recall",
    "b3_f1": "B-cubed F1",
    "pair_precision": "pairwise precision",
    "pair_recall": "pairwise recall",
    "pair_f1": "pairwise F1",
    "entities_exact": "entities exact",
}
BAR_WIDTH = 30
SHOWN_NAMES = 5
SHOWN_REASONS = 8


def show_assessment(console: Console, subject: Subject, assessment: Assessment, *, top: int) -> None:
    """Print everything but the pictures; `top` faults of each kind."""
    found, measures = assessment, assessment.measures
    console.print(
        f"[bold]Against {subject.against}[/bold]: {measures.records:,} records, {measures.entities:,} entities,"
        f" {measures.clusters:,} clusters; {measures.over_merged:,} clusters over-merged, {measures.split:,} entities"
        " split apart"
    )
    show_left_out(console, subject)
    console.print()
    console.print(_measures(assessment))
    console.print()
    console.print(_thresholds(found.thresholds, subject.found.rules.thresholds))
    console.print()
    console.print(_bars(found.bars, subject.found.rules.thresholds))
    console.print()
    _show_missed(console, assessment)
    wrong = found.wrong
    console.print(
        f"[bold]{wrong.total:,} wrong pairs[/bold]: {wrong.direct:,} link by themselves,"
        f" {wrong.examined - wrong.direct:,} were joined through others"
    )
    for fault in found.faults:
        _show_fault(console, subject.fault_document(fault))
    if not top:
        console.print("--top N shows examples of both, each with what speaks for and against it")


def show_keys(console: Console, report: KeysReport) -> None:
    """Print what each match key finds, and what all find together."""
    table = Table("match key", box=None, padding=(0, 2, 0, 0))
    table.columns[0].no_wrap = True
    for title in ("pairs", "same", "recall", "alone", "same", "held", "hot"):
        table.add_column(title, justify="right", no_wrap=True)
    for key in report.keys:
        found = (f"{key.found.pairs:,}", f"{key.found.true:,}", f"{report.recall(key.found):.3f}")
        alone = (f"{key.alone.pairs:,}", f"{key.alone.true:,}")
        table.add_row(escape(key.name), *found, *alone, f"{report.per_record(key.held):.2f}", f"{key.hot:,}")
    together = report.together
    table.add_row(
        "together", f"{together.pairs:,}", f"{together.true:,}", f"{report.recall(together):.3f}", style="bold"
    )
    console.print()
    console.print(table)
    console.print("[dim]alone: found by no other key; held: keys per record; hot: keys too common to make pairs[/dim]")
    console.print(
        f"{report.per_record(together.pairs):.1f} pairs per record; {report.per_record(report.made):.1f} of the"
        f" {report.budget:,} that the rules allow before duplicates are dropped"
    )


def show_left_out(console: Console, subject: Subject) -> None:
    """Print how many records of the truth have no result, and name the first."""
    for names, why in (
        (subject.left_out.unknown, "aren't known here"),
        (subject.left_out.gone, "have no customer now (gone, held or set aside)"),
    ):
        if names:
            shown = ", ".join(" ".join(name) for name in names[:SHOWN_NAMES])
            more = f" and {len(names) - SHOWN_NAMES:,} more" if len(names) > SHOWN_NAMES else ""
            console.print(f"[yellow]{len(names):,} records of the truth {why}:[/yellow] {escape(shown)}{more}")


def around(found: Range) -> str:
    """Return a share with its range."""
    return f"{found.share:.3f} [dim]{found.low:.3f}–{found.high:.3f}[/dim]"


def _measures(assessment: Assessment) -> Table:
    table = Table("measure", "value and 95 % range", box=None, padding=(0, 3, 0, 0))
    for name, title in TITLES.items():
        known = assessment.ranges.get(name)
        table.add_row(title, around(known) if known else f"{getattr(assessment.measures, name):.3f}")
    return table


def _thresholds(rows: Sequence[AtThreshold], limits: Thresholds) -> Table:
    names = {limits.keep: "keep", limits.review: "review", limits.link: "link"}
    table = Table("score from", "", "pairs", "same", "precision", "recall", box=None, padding=(0, 3, 0, 0))
    for row in rows:
        table.add_row(
            in_bits(row.threshold),
            names.get(row.threshold, ""),
            f"{row.pairs:,}",
            f"{row.same:,}",
            around(row.precision),
            around(row.recall),
        )
    return table


def _bars(bars: Sequence[Bar], limits: Thresholds) -> Table:
    """Return the histogram: different pairs to the left, same pairs to the right, the highest score on top."""
    most = max((max(bar.same, bar.different) for bar in bars), default=1) or 1
    table = Table("different", "bits", "same", box=None, padding=(0, 1))
    table.columns[0].justify = "right"
    for bar in reversed(bars):
        colour = "green" if bar.low >= limits.link else "yellow" if bar.low >= limits.review else "dim"
        table.add_row(
            f"{bar.different:,} [red]{_bar(bar.different, most)}[/red]",
            f"[{colour}]{in_bits(bar.low)}[/{colour}]",
            f"[blue]{_bar(bar.same, most)}[/blue] {bar.same:,}",
        )
    return table


def _bar(count: int, most: int) -> str:
    return "█" * max(round(count / most * BAR_WIDTH), 1 if count else 0)


def _show_missed(console: Console, assessment: Assessment) -> None:
    missed = assessment.missed
    seen = "" if len(missed.left) == missed.total else f" ({len(missed.left):,} looked at)"
    console.print(f"[bold]{missed.total:,} missed pairs[/bold]{seen}")
    for title, causes in (
        ("never compared", NEVER_COMPARED),
        ("scored low", SCORED_LOW),
        ("kept apart", KEPT_APART),
    ):
        counts = {cause.value: missed.count(cause) for cause in causes}
        listed = ", ".join(f"{count:,} {cause}" for cause, count in counts.items() if count)
        console.print(f"  {title:<15} {sum(counts.values()):>7,}  [dim]{listed}[/dim]")
    if missed.would_link:
        console.print(f"  {missed.would_link:,} of those never compared would link")
    if missed.common_keys:
        listed = ", ".join(f"{name} ({count:,})" for name, count in missed.common_keys.items())
        console.print(f"  keys shared in vain, too common: {listed}")
    reasons = assessment.to_document()["missed"]["spoke_loudest_against"][:SHOWN_REASONS]
    if reasons:
        console.print("  what spoke loudest against those that scored low:")
    for reason in reasons:
        console.print(f"    {reason['pairs']:>6,}  {reason['comparison']}: {reason['level']}".rstrip(": "))


def _show_fault(console: Console, fault: dict[str, Any]) -> None:
    left, right = (" ".join(fault[side].values()) for side in ("left", "right"))
    console.print(f"[bold]{fault['kind']}[/bold] {escape(left)} | {escape(right)}  [dim]{fault['cause']}[/dim]")
    console.print(f"  {in_bits(fault['score']):>6}  score, of it {in_bits(fault['prior'])} prior")
    for line in waterfall(fault):
        bits, _, sentence = line.partition(" ")
        console.print(f"  {bits:>6}  [dim]{escape(sentence)}[/dim]")
