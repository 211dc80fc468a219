"""manage.py rematch: publish a rule set version and match everything by it anew."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.base.actors import Actor
from apps.engine.rules import RuleSetError, load_company_rules, load_rules
from apps.engine.survive import PolicyError
from apps.pipeline.management.parsing import speak_in_one_line
from apps.pipeline.management.progress import StageBars
from apps.pipeline.rematching import rematch_all


class Command(BaseCommand):
    help = "Publish the shipped rules (or --rules FILE) as the next version and match all records by it."

    def add_arguments(self, parser: CommandParser) -> None:
        speak_in_one_line(parser)
        parser.add_argument("--rules", type=Path, help="a rule set instead of the shipped one for companies")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            rules = load_rules(options["rules"]) if options["rules"] else load_company_rules()
            with StageBars() as bars:
                run = rematch_all(rules=rules, actor=Actor.hub("rematch"), listener=bars.show)
        except (RuleSetError, PolicyError, OSError) as error:
            raise CommandError(f"--rules: {error}", returncode=2) from error
        shown = "  ".join(f"{name.replace('_', ' ')} {n:,}" for name, n in run.counts.items())
        self.stdout.write(f"run {run.pk}: {shown}")
