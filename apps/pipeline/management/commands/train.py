"""manage.py train: learn the rules' weights from the records themselves, and keep them only if they prove better."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from apps.base.actors import Actor
from apps.base.errors import HubError
from apps.engine.rules import RuleSetError, load_company_rules, load_rules
from apps.engine.score.lessons import Lesson
from apps.pipeline.evaluating import read_truth
from apps.pipeline.evaluating.writing import in_bits
from apps.pipeline.management.parsing import speak_in_one_line
from apps.pipeline.management.sources import source_files
from apps.pipeline.training import Training, draft_training, train_on_files, train_on_hub
from apps.sources.intake import FileRefused

WORKERS = 2
SHOWN_MOVES = 15
WIDTH = 120


class Command(BaseCommand):
    help = (
        "Learn weights from pairs whose identifiers say whether they are one party (or from a truth file), and show"
        " whether they predict held-out pairs better. Changes nothing; --draft saves a draft. With --source, learn from"
        " those files instead of the hub's records."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        speak_in_one_line(parser)
        parser.add_argument("--model", choices=("additive", "fellegi_sunter"), default="additive")
        parser.add_argument("--truth", type=Path, help="CSV with source, source_key and entity_id, instead")
        parser.add_argument("--draft", action="store_true", help="save the learned rules as a draft version")
        parser.add_argument("--source", action="append", default=[], metavar="CODE=PATH", help="learn from this file")
        parser.add_argument(
            "--mapping", action="append", default=[], metavar="CODE=FILE", help="its mapping file or a preset's name"
        )
        parser.add_argument("--rules", type=Path, help="with --source: a rule set instead of the shipped one")

    def handle(self, *_args: Any, **options: Any) -> None:
        if (options["rules"] or options["mapping"]) and not options["source"]:
            raise CommandError("--rules and --mapping go with --source; the hub has rules in force", returncode=2)
        try:
            training = _train(options)
        except (HubError, FileRefused) as error:
            raise CommandError(str(error), returncode=2) from error
        console = Console(highlight=False, soft_wrap=True, width=WIDTH)
        with console.capture() as shown:
            _show(console, training)
        self.stdout.write(shown.get())
        number = draft_training(training, actor=Actor.hub("train")) if options["draft"] else None
        if number is not None:
            self.stdout.write(f"saved as draft version {number}; match by it: manage.py rematch --draft {number}")
        elif training.lesson.accepted:
            self.stdout.write("nothing was changed; --draft saves the learned rules as a draft version")
        else:
            model = "shipped" if training.rules.digest == load_company_rules().digest else "present"
            self.stdout.write(f"the {model} model holds; nothing was changed")


def _train(options: dict[str, Any]) -> Training:
    truth = read_truth(options["truth"]) if options["truth"] else None
    if not options["source"]:
        return train_on_hub(truth, model=options["model"], workers=WORKERS)
    files = source_files(options["source"], options["mapping"])
    try:
        rules = load_rules(options["rules"]) if options["rules"] else load_company_rules()
    except (RuleSetError, OSError) as error:
        raise CommandError(f"--rules: {error}", returncode=2) from error
    return train_on_files(files, rules, truth, model=options["model"], workers=WORKERS)


def _show(console: Console, training: Training) -> None:
    lesson = training.lesson
    console.print(f"[bold]{training.records:,} records, pairs labelled by {training.labelled_by}[/bold]")
    console.print(_evidence(lesson))
    console.print(f'the labels "same" come from {lesson.parties:,} parties\n')
    if lesson.unmoved:
        console.print(f"hardly shown, so their weights stay: {', '.join(lesson.unmoved)}\n")
    for reason in lesson.reasons:
        console.print(escape(reason))
    if lesson.accepted:
        console.print()
        console.print(_moves(training))


def _evidence(lesson: Lesson) -> Table:
    table = Table("labelled by", "same", "different", box=None, padding=(0, 3, 0, 0))
    for name, found in lesson.evidence.items():
        table.add_row(escape(name), f"{found.same:,}", f"{found.different:,}")
    return table


def _moves(training: Training) -> Table:
    table = Table("what moved most", "level", "bits before", "after", box=None, padding=(0, 3, 0, 0))
    for move in training.moves(SHOWN_MOVES):
        table.add_row(escape(move.name), escape(move.level), in_bits(move.before), in_bits(move.after))
    return table
