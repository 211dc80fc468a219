"""manage.py load: take source files in and bring the golden customers up to date."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.base.actors import Actor
from apps.base.errors import HubError
from apps.pipeline.loading import load_files
from apps.pipeline.management.parsing import speak_in_one_line
from apps.pipeline.management.progress import StageBars
from apps.pipeline.management.sources import source_files
from apps.sources.intake import FileRefused


class Command(BaseCommand):
    help = "Load account files of one or several sources."

    def add_arguments(self, parser: CommandParser) -> None:
        speak_in_one_line(parser)
        parser.add_argument("--source", action="append", default=[], metavar="CODE=PATH", help="a source and its file")
        parser.add_argument(
            "--mapping", action="append", default=[], metavar="CODE=FILE", help="its mapping file or a preset's name"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        files = source_files(options["source"], options["mapping"])
        with StageBars() as bars:
            try:
                run = load_files(files=files, actor=Actor.hub("load"), listener=bars.show)
            except FileRefused as refusal:
                raise CommandError(str(refusal), returncode=1) from refusal
            except HubError as error:
                raise CommandError(error.detail, returncode=1) from error
        shown = "  ".join(f"{name.replace('_', ' ')} {n:,}" for name, n in run.counts.items())
        self.stdout.write(f"run {run.pk}: {shown or 'nothing new'}")
