"""Look at the ledger of ids written back, and write dead ones again."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.base.actors import Actor
from apps.base.errors import HubError
from apps.delivery.selectors import count_write_backs, list_dead_write_backs
from apps.delivery.services import replay_dead_write_backs


class Command(BaseCommand):
    """Without options: how many records of each source are in each state."""

    help = "Count write-backs, list the dead, or write dead ones again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--dead", action="store_true", help="list the write-backs that were given up")
        what.add_argument("--replay", nargs="+", type=int, metavar="RECORD", help="write these records' ids again")
        what.add_argument("--all", action="store_true", help="write every dead one again")
        parser.add_argument("--limit", type=int, default=100, help="how many dead write-backs to list (default 100)")

    def handle(self, **options: Any) -> None:
        """Do the one thing asked for."""
        try:
            if options["replay"] or options["all"]:
                ids = replay_dead_write_backs(record_ids=options["replay"], actor=Actor.hub("write_backs command"))
                self.stdout.write(f"{len(ids)} write-backs are due again")
            elif options["dead"]:
                self._list_dead(options["limit"])
            else:
                self._count()
        except HubError as error:
            raise CommandError(error.detail) from error

    def _list_dead(self, limit: int) -> None:
        dead = list_dead_write_backs(limit=limit)
        for line in dead:
            self.stdout.write(
                f"{line.record_id}\t{line.source_code}:{line.source_key}\t{line.desired}"
                f"\t{line.attempts} attempts\t{line.note}"
            )
        if not dead:
            self.stdout.write("no write-back is dead")

    def _count(self) -> None:
        for code, states in count_write_backs().items():
            self.stdout.write(f"{code}: " + ", ".join(f"{count:,} {state}" for state, count in states.items()))
