"""manage.py rematch: publish a rule set version and match everything by it anew."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.base.actors import Actor
from apps.base.errors import HubError, NotFound
from apps.engine.rules import RuleSetError, load_company_rules, load_rules
from apps.engine.survive import PolicyError
from apps.pipeline.management.parsing import speak_in_one_line
from apps.pipeline.management.progress import StageBars
from apps.pipeline.rematching import rematch_all, rematch_by


class Command(BaseCommand):
    help = "Publish the shipped rules (or --rules, --draft) as the next version and match all records by it."

    def add_arguments(self, parser: CommandParser) -> None:
        speak_in_one_line(parser)
        instead = parser.add_mutually_exclusive_group()
        instead.add_argument("--rules", type=Path, help="a rule set instead of the shipped one for companies")
        instead.add_argument("--draft", type=int, metavar="NUMBER", help="this draft version instead")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            rules = load_rules(options["rules"]) if options["rules"] else load_company_rules()
            with StageBars() as bars:
                actor = Actor.hub("rematch")
                if options["draft"] is None:
                    run = rematch_all(rules=rules, actor=actor, listener=bars.show)
                else:
                    run = rematch_by(number=options["draft"], actor=actor, listener=bars.show)
        except (RuleSetError, PolicyError, OSError) as error:
            raise CommandError(f"--rules: {error}", returncode=2) from error
        except NotFound as error:
            raise CommandError(f"--draft: {error.detail}", returncode=2) from error
        except HubError as error:
            raise CommandError(error.detail, returncode=1) from error
        if run is not None:
            shown = "  ".join(f"{name.replace('_', ' ')} {n:,}" for name, n in run.counts.items())
            self.stdout.write(f"run {run.pk}: {shown}")
