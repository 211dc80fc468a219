"""manage.py confirm_snapshot: let a held snapshot delete what it lacks."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.base.actors import Actor
from apps.base.errors import HubError
from apps.pipeline.holding import confirm_snapshot
from apps.pipeline.management.parsing import speak_in_one_line
from apps.pipeline.management.progress import StageBars


class Command(BaseCommand):
    help = "Confirm a snapshot that was held because too many keys vanished."

    def add_arguments(self, parser: CommandParser) -> None:
        speak_in_one_line(parser)
        parser.add_argument("batch", type=int, help="number of the held batch, as its case names it")
        parser.add_argument("--by", required=True, help="who confirms")
        parser.add_argument("--reason", required=True, help="why the accounts are really gone")

    def handle(self, *_args: Any, **options: Any) -> None:
        actor = Actor.person(options["by"], None)
        try:
            with StageBars() as bars:
                run = confirm_snapshot(
                    batch_id=options["batch"], reason=options["reason"], actor=actor, listener=bars.show
                )
        except HubError as error:
            raise CommandError(error.detail, returncode=1) from error
        shown = "  ".join(f"{name.replace('_', ' ')} {n:,}" for name, n in run.counts.items())
        self.stdout.write(f"run {run.pk}: {shown}")
