"""manage.py calibrate: can the rules' probabilities be believed, and what would mend them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.table import Table

from apps.base.actors import Actor
from apps.base.errors import HubError
from apps.engine.evaluate import wilson
from apps.engine.score.calibrate import Bin
from apps.pipeline.evaluating import Subject, read_truth, subject_of_truth, subject_of_verdicts
from apps.pipeline.evaluating.calibrating import CalibrationReport, draft_calibration, report_calibration
from apps.pipeline.evaluating.pictures import draw_reliability
from apps.pipeline.evaluating.writing import in_bits
from apps.pipeline.management.evaluation import around, show_left_out
from apps.pipeline.management.parsing import speak_in_one_line


class Command(BaseCommand):
    help = (
        "Show how far predicted probabilities are from what people decided (or from a truth file), and which rescale"
        " of the weights and shift of the prior would bring them together. Changes nothing; --draft saves a draft."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        speak_in_one_line(parser)
        parser.add_argument("--truth", type=Path, help="CSV with source, source_key and entity_id, instead of verdicts")
        parser.add_argument("--json", action="store_true", help="print everything as one JSON document")
        parser.add_argument("--picture", type=Path, metavar="FILE.svg", help="the reliability curve as a picture")
        parser.add_argument("--draft", action="store_true", help="save the calibrated rules as a draft version")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            truth = read_truth(options["truth"]) if options["truth"] else None
            subject = subject_of_truth(truth) if truth else subject_of_verdicts()
        except HubError as error:
            raise CommandError(error.detail, returncode=2) from error
        try:
            report = report_calibration(subject)
            self._draw(options["picture"], subject, report)
            # Shown before it is saved, so that a refusal comes with its reason.
            if not options["json"]:
                self._show(subject, report)
            actor = Actor.hub("calibrate")
            number = draft_calibration(subject, report, actor=actor) if options["draft"] else None
        except HubError as error:
            raise CommandError(error.detail, returncode=1) from error
        if options["json"]:
            document = {"against": subject.against, **report.to_document(), "draft": number}
            self.stdout.write(json.dumps(document, indent=2))
        elif number is not None:
            self.stdout.write(f"saved as draft version {number}; match by it: manage.py rematch --draft {number}")
        else:
            self.stdout.write("nothing was changed; --draft saves the calibrated rules as a draft version")

    def _draw(self, path: Path | None, subject: Subject, report: CalibrationReport) -> None:
        if path is None:
            return
        before, after = report.errors
        subtitle = f"against {subject.against}; expected calibration error {before:.3f} before, {after:.3f} after"
        try:
            path.write_text(draw_reliability(report.before, report.after, subtitle=subtitle), encoding="utf-8")
        except OSError as error:
            raise CommandError(f"can't write {error.filename}: {error.strerror}", returncode=2) from error

    def _show(self, subject: Subject, report: CalibrationReport) -> None:
        console = Console(highlight=False, soft_wrap=True)
        found, (same, different), (low, high) = report.calibration, report.counts, report.span
        with console.capture() as shown:
            console.print(
                f"[bold]Against {subject.against}[/bold]: {same:,} same, {different:,} different; nine of ten"
                f" pairs score between {in_bits(low)} and {in_bits(high)} bits"
            )
            show_left_out(console, subject)
            for title, bins in (("as it is", report.before), ("calibrated, each fold by the others", report.after)):
                console.print()
                console.print(_curve(title, bins))
            before, after = report.errors
            console.print(f"\nexpected calibration error {before:.3f} before, {after:.3f} after")
            console.print(f"surprise per judgement {found.loss_before:.4f} bits before, {found.loss_after:.4f} after")
            console.print(
                f"weights × {found.adjustment.scale / 1000:.3f}, prior × the same and"
                f" {found.adjustment.shift / 1000:+.2f} bits"
            )
        self.stdout.write(shown.get())


def _curve(title: str, bins: Sequence[Bin]) -> Table:
    table = Table("predicted", "judgements", "mean predicted", "observed", title=title, title_justify="left", box=None)
    for entry in bins:
        table.add_row(
            f"{entry.low:.1f} to {entry.high:.1f}",
            f"{entry.count:,}",
            f"{entry.predicted:.3f}",
            around(wilson(entry.observed, entry.count)),
        )
    return table
