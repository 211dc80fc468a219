"""Look at deliveries, send dead ones again, or skip one for good."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.base.actors import Actor
from apps.base.errors import HubError
from apps.delivery.selectors import count_deliveries, list_dead_deliveries
from apps.delivery.services import cancel_delivery, replay_dead_deliveries


class Command(BaseCommand):
    """Without options: how many deliveries each subscriber has in each state."""

    help = "Count deliveries, list the dead, send dead ones again, or skip one for good."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--dead", action="store_true", help="list the deliveries that were given up")
        what.add_argument("--replay", nargs="+", type=int, metavar="ID", help="send these dead deliveries again")
        what.add_argument("--all", action="store_true", help="send every dead delivery again")
        what.add_argument("--skip", type=int, metavar="ID", help="give one up for good; its stream goes on without it")
        parser.add_argument("--by", metavar="NAME", help="who decides to skip")
        parser.add_argument("--reason", metavar="TEXT", help="why it is skipped")
        parser.add_argument("--limit", type=int, default=100, help="how many dead deliveries to list (default 100)")

    def handle(self, **options: Any) -> None:
        """Do the one thing asked for."""
        try:
            if options["replay"] or options["all"]:
                ids = replay_dead_deliveries(ids=options["replay"], actor=Actor.hub("deliveries command"))
                self.stdout.write(f"{len(ids)} deliveries are due again")
            elif options["skip"] is not None:
                self._skip(options["skip"], options["by"], options["reason"])
            elif options["dead"]:
                self._list_dead(options["limit"])
            else:
                self._count()
        except HubError as error:
            raise CommandError(error.detail) from error

    def _skip(self, delivery_id: int, by: str | None, reason: str | None) -> None:
        if not by or not reason:
            raise CommandError("--skip needs --by NAME and --reason TEXT: the subscriber will miss this event")
        cancel_delivery(delivery_id=delivery_id, reason=reason, actor=Actor.person(by, None))
        self.stdout.write(f"delivery {delivery_id} is skipped")

    def _list_dead(self, limit: int) -> None:
        dead = list_dead_deliveries(limit=limit)
        for row in dead:
            at = row.settled_at.isoformat(timespec="seconds") if row.settled_at else "-"
            self.stdout.write(
                f"{row.id}\t{row.subscriber}\t{row.subject} #{row.sequence}\t{row.attempts} attempts\t{at}\t{row.note}"
            )
        if not dead:
            self.stdout.write("no delivery is dead")

    def _count(self) -> None:
        for code, states in count_deliveries().items():
            counts = ", ".join(f"{count:,} {state}" for state, count in states.items()) or "nothing yet"
            self.stdout.write(f"{code}: {counts}")
