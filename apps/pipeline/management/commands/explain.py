"""manage.py explain: why records are one customer, or why they are not."""

from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console

from apps.base.errors import HubError
from apps.golden.selectors import get_customer
from apps.pipeline.explaining import explain_apart, explain_customer, explain_records
from apps.pipeline.management.explaining import Teller
from apps.pipeline.management.parsing import speak_in_one_line

WIDTH = 120


class Command(BaseCommand):
    help = "Explain one customer (GC-…), two customers (GC-… GC-…) or two records (SOURCE KEY SOURCE KEY)."

    def add_arguments(self, parser: CommandParser) -> None:
        speak_in_one_line(parser)
        parser.add_argument("names", nargs="+", metavar="NAME", help="GC-…, or GC-… GC-…, or SOURCE KEY SOURCE KEY")

    def handle(self, *_args: Any, **options: Any) -> None:
        # A pipe has no width of its own, and 80 columns would cut sentences short.
        console = Console(file=cast("IO[str]", self.stdout), width=None if self.stdout.isatty() else WIDTH)
        names = options["names"]
        teller = Teller(console)
        try:
            if len(names) == 1:
                teller.tell_customer(explain_customer(get_customer(names[0])))
            elif len(names) == 2:
                teller.tell_apart(explain_apart(*(get_customer(name) for name in names)))
            elif len(names) == 4:
                teller.tell_pair(explain_records(*names))
            else:
                raise CommandError("name GC-…, or GC-… GC-…, or SOURCE KEY SOURCE KEY", returncode=2)
        except HubError as error:
            raise CommandError(error.detail) from error
