"""manage.py check_invariants: hold the database to its promises, without writing anything."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.quality.invariants import INVARIANTS
from apps.quality.selectors import Finding, stream_findings


class Command(BaseCommand):
    help = "Check the hub's invariants and name the rows where one fails. Reads only; exits 1 where one fails."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--only",
            action="append",
            type=int,
            default=[],
            metavar="NUMBER",
            choices=[invariant.number for invariant in INVARIANTS],
            help="check this invariant only; may be given several times",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        broken = []
        for finding in stream_findings(options["only"]):
            self._show(finding)
            if finding.broken:
                broken.append(finding.number)
        if broken:
            raise CommandError(f"{len(broken)} invariants are broken: {', '.join(map(str, broken))}", returncode=1)
        self.stdout.write("every invariant holds")

    def _show(self, finding: Finding) -> None:
        mark = "broken" if finding.broken else "holds "
        self.stdout.write(
            f"{finding.number:>3}  {mark}  {finding.checked:>11,} rows  {finding.seconds:>6.1f} s  {finding.promise}"
        )
        for row in finding.rows:
            self.stdout.write(f"             {row}")
        if finding.broken > len(finding.rows):
            self.stdout.write(f"             and {finding.broken - len(finding.rows):,} more")
