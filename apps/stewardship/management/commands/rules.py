"""manage.py rules: what changing the rules would do, doing it, and the way back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.table import Table

from apps.base.actors import Actor
from apps.base.errors import HubError
from apps.engine.rules import RuleSetError, load_rules
from apps.engine.survive import PolicyError
from apps.pipeline.management.parsing import speak_in_one_line
from apps.pipeline.management.progress import StageBars
from apps.pipeline.whatif import (
    approve_version,
    carry_out_rematch,
    find_way_back,
    look_at,
    publish_version,
    try_version,
)
from apps.rulebook import selectors
from apps.rulebook.services import save_draft
from apps.stewardship.roles import PUBLISHERS, actor_for, roles_of, words_for
from apps.stewardship.screens.rules import COUNT_WORDS, SAMPLE_WORDS

SHOWN_SAMPLES: Final = 5


class Command(BaseCommand):
    help = (
        "List rule set versions, try one, approve it, publish it, go back to the one before, or go on with a re-match."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        speak_in_one_line(parser)
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("list", help="versions and publications")
        draft = actions.add_parser("draft", help="save a rule set as a draft")
        draft.add_argument("file", type=Path)
        draft.add_argument("--note", default="")
        for name, words in (
            ("dry-run", "find out what publishing a version would change"),
            ("show", "show the newest dry run of a version"),
            ("approve", "give a second person's word for it"),
            ("publish", "put it in force and match every record by it"),
        ):
            actions.add_parser(name, help=words).add_argument("version", type=int)
        actions.add_parser("revert", help="publish the version before: dry run, then publish")
        actions.add_parser("resume", help="go on with a re-match that was interrupted")
        for name in ("draft", "dry-run", "approve", "publish", "revert"):
            actions.choices[name].add_argument(
                "--person", required=True, help="who does this: a log-in of a senior steward or administrator"
            )
        for name in ("approve", "publish", "revert"):
            actions.choices[name].add_argument("--reason", required=True)

    def handle(self, *_args: Any, **options: Any) -> None:
        self._console = Console(file=self.stdout, highlight=False)  # type: ignore[arg-type]
        acts: dict[str, Callable[[dict[str, Any]], None]] = {
            "list": self._list,
            "draft": self._draft,
            "dry-run": self._dry_run,
            "show": lambda told: self._show(told["version"]),
            "approve": self._approve,
            "publish": self._publish,
            "revert": self._revert,
            "resume": lambda _: self._rematch(),
        }
        try:
            acts[options["action"]](options)
        except (RuleSetError, PolicyError, OSError) as error:
            raise CommandError(str(error), returncode=2) from error
        except HubError as error:
            raise CommandError(f"{error.title}: {error.detail}", returncode=1) from error

    def _list(self, _options: dict[str, Any]) -> None:
        table = Table("version", "state", "rules", "by", "saved", "note", box=None)
        for row in selectors.list_versions():
            table.add_row(str(row.number), row.state, row.name, row.author, f"{row.created_at:%F %T}", row.note)
        self._console.print(table)
        for one in selectors.list_publications(limit=10):
            done = f"every record matched by {one.finished_at:%F %T}" if one.finished_at else "re-match not done"
            self._console.print(
                f"{one.published_at:%F %T}  version {one.version} by {one.published_by}: {one.reason} ({done})"
            )

    def _draft(self, options: dict[str, Any]) -> None:
        made = save_draft(rules=load_rules(options["file"]), note=options["note"], actor=_person(options))
        self._console.print(f"version {made.number} saved as a draft")

    def _dry_run(self, options: dict[str, Any]) -> None:
        with StageBars() as bars:
            try_version(number=options["version"], actor=_person(options), listener=bars.show)
        self._show(options["version"])

    def _show(self, number: int) -> None:
        standing = look_at(number)
        dry_run = standing.dry_run
        if dry_run is None or dry_run.state != "done":
            self._console.print(f"no dry run of version {number} is done{': ' + dry_run.failure if dry_run else ''}")
            return
        report = dry_run.report
        self._console.print(
            f"version {number} against version {report['in_force']}: {report['affected']:,} of"
            f" {report['customers']:,} customers ({report['share']:.2%}) would change; one person may change"
            f" {standing.limit:.2%}"
        )
        table = Table("what", "how many", box=None)
        for name, words in COUNT_WORDS.items():
            table.add_row(words, f"{report['counts'].get(name, 0):,}")
        for kind, words in (("subscribers", "deliveries to"), ("targets", "ids to write to")):
            for name, n in report[kind].items():
                table.add_row(f"{words} {name}", f"{n:,}")
        self._console.print(table)
        for kind in SAMPLE_WORDS:
            samples = report["samples"][kind]
            for sample in samples[:SHOWN_SAMPLES]:
                self._console.print(f"  {kind}: {_told(sample)}", markup=False)
        if report["not_as_before"]["records"]:
            self._console.print(f"not where they were under version {number}: {report['not_as_before']['records']:,}")
        words = (
            "approved" if standing.is_approved else "needs a second person" if standing.is_over else "free to publish"
        )
        self._console.print(
            f"{words}; {standing.moved:,} records changed since ({standing.moved_limit:,} may)"
            + (": out of date" if standing.is_stale else "")
        )

    def _approve(self, options: dict[str, Any]) -> None:
        approve_version(number=options["version"], reason=options["reason"], actor=_person(options))
        self._console.print(f"version {options['version']} approved by {options['person']}")

    def _publish(self, options: dict[str, Any]) -> None:
        publish_version(number=options["version"], reason=options["reason"], actor=_person(options))
        self._console.print(f"version {options['version']} is in force")
        self._rematch()

    def _revert(self, options: dict[str, Any]) -> None:
        number = find_way_back()
        self._dry_run(options | {"version": number})
        self._publish(options | {"version": number})

    def _rematch(self) -> None:
        with StageBars() as bars:
            run = carry_out_rematch(actor=Actor.hub("rematch"), listener=bars.show)
        if run is None:
            self._console.print("every record is matched by the version in force")
            return
        shown = "  ".join(f"{name.replace('_', ' ')} {n:,}" for name, n in run.counts.items() if n)
        self._console.print(f"run {run.pk}: {shown}")


def _person(options: dict[str, Any]) -> Actor:
    user = User.objects.filter(username=options["person"]).first()
    if user is None or not roles_of(user) & PUBLISHERS:
        raise CommandError(f"{options['person']} is no {words_for(PUBLISHERS)}", returncode=1)
    return actor_for(user)


def _told(sample: dict[str, Any]) -> str:
    if "values" in sample:
        changes = "; ".join(f"{v['attribute']} {v['was']!r} → {v['now']!r}" for v in sample["values"][:3])
        return f"{sample['gid']} {sample.get('name', '')}: {changes}"
    return ", ".join(f"{name} {value}" for name, value in sample.items() if value not in (None, "", []))
