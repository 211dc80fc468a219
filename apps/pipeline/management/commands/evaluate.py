"""manage.py evaluate: how good the customers are, against a truth file or against stewards' verdicts."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console

from apps.base.errors import HubError
from apps.engine.evaluate import measure_keys
from apps.engine.rules import RuleSetError, load_company_rules, load_rules
from apps.pipeline.evaluating import Subject, read_truth, subject_of_files, subject_of_truth, subject_of_verdicts
from apps.pipeline.evaluating.pictures import draw_histogram
from apps.pipeline.evaluating.writing import SUFFIXES, write_faults
from apps.pipeline.management.evaluation import show_assessment, show_keys
from apps.pipeline.management.parsing import speak_in_one_line
from apps.pipeline.management.sources import source_files
from apps.sources.intake import FileRefused

TOP = 20
SHOWN_TOP = 3


class Command(BaseCommand):
    help = (
        "Measure the hub's customers against a truth file, or, without one, the rules against people's verdicts."
        " With --source, measure what matching those files gives, without a database."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        speak_in_one_line(parser)
        parser.add_argument("--truth", type=Path, help="CSV with source, source_key and entity_id")
        parser.add_argument(
            "--source", action="append", default=[], metavar="CODE=PATH", help="match this file instead"
        )
        parser.add_argument(
            "--mapping", action="append", default=[], metavar="CODE=FILE", help="its mapping file or a preset's name"
        )
        parser.add_argument("--rules", type=Path, help="with --source: a rule set instead of the shipped one")
        parser.add_argument("--json", action="store_true", help="print everything as one JSON document")
        parser.add_argument("--pairs", type=Path, metavar="FILE", help="wrong and missed pairs, as .csv or .json")
        parser.add_argument("--keys", action="store_true", help="with --truth: what each match key finds, too")
        parser.add_argument("--top", type=int, help=f"pairs of each kind: {TOP} in a file or JSON, {SHOWN_TOP} shown")
        parser.add_argument("--picture", type=Path, metavar="FILE.svg", help="the scores as a picture")

    def handle(self, *_args: Any, **options: Any) -> None:
        _check(options)
        try:
            subject = self._subject(options)
        except (HubError, FileRefused) as error:
            raise CommandError(str(error), returncode=2) from error
        in_full = options["json"] or options["pairs"] is not None
        top = options["top"] if options["top"] is not None else TOP if in_full else SHOWN_TOP
        assessment = subject.assess(top)
        keys = measure_keys(subject.found, subject.entities) if options["keys"] else None
        try:
            if options["pairs"]:
                write_faults(options["pairs"], subject, assessment.faults)
            if options["picture"]:
                subtitle = f"{len(assessment.pairs.scores):,} pairs, against {subject.against}"
                picture = draw_histogram(assessment.bars, subject.found.rules.thresholds, subtitle=subtitle)
                options["picture"].write_text(picture, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"can't write {error.filename}: {error.strerror}", returncode=2) from error
        if options["json"]:
            document = subject.to_document(assessment) | ({"keys": keys.to_document()} if keys else {})
            self.stdout.write(json.dumps(document, indent=2, ensure_ascii=False))
        else:
            console = Console(highlight=False, soft_wrap=True)
            with console.capture() as shown:
                show_assessment(console, subject, assessment, top=top)
                if keys:
                    show_keys(console, keys)
            self.stdout.write(shown.get())

    def _subject(self, options: dict[str, Any]) -> Subject:
        if not options["truth"]:
            return subject_of_verdicts()
        truth = read_truth(options["truth"])
        if not options["source"]:
            return subject_of_truth(truth)
        files = source_files(options["source"], options["mapping"])
        try:
            rules = load_rules(options["rules"]) if options["rules"] else load_company_rules()
        except (RuleSetError, OSError) as error:
            raise CommandError(f"--rules: {error}", returncode=2) from error
        return subject_of_files(files, rules, truth, workers=2)


def _check(options: dict[str, Any]) -> None:
    """Refuse options that don't go together."""
    problem = ""
    if options["source"] and not options["truth"]:
        problem = "--source needs --truth"
    elif options["keys"] and not options["truth"]:
        problem = "--keys needs --truth; people judge only pairs that some key brought before them"
    elif (options["rules"] or options["mapping"]) and not options["source"]:
        problem = "--rules and --mapping go with --source; the hub's own result was made by the rules in force"
    elif options["pairs"] and options["pairs"].suffix not in SUFFIXES:
        problem = f"--pairs must end in {' or '.join(SUFFIXES)}, not {options['pairs'].name!r}"
    elif options["top"] is not None and options["top"] < 0:
        problem = "--top must not be negative"
    if problem:
        raise CommandError(problem, returncode=2)
