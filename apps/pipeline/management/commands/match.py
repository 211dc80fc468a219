"""manage.py match: try the engine on files, without a database."""

import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.engine.rules import RuleSetError, load_company_rules, load_rules
from apps.pipeline.management.parsing import speak_in_one_line
from apps.pipeline.management.sources import source_files
from apps.pipeline.matching_files import match_files, write_clusters, write_links, write_report
from apps.sources.intake import FileRefused


class Command(BaseCommand):
    help = "Match account files without a database and write who belongs together."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        speak_in_one_line(parser)
        parser.add_argument("--source", action="append", default=[], metavar="CODE=PATH", help="a source and its file")
        parser.add_argument(
            "--mapping", action="append", default=[], metavar="CODE=FILE", help="its mapping file or a preset's name"
        )
        parser.add_argument("--out", required=True, type=Path, help="clusters as CSV: source,source_key,cluster_id")
        parser.add_argument("--rules", type=Path, help="a rule set instead of the shipped one for companies")
        parser.add_argument("--links", type=Path, help="scored pairs as Parquet")
        parser.add_argument("--report", type=Path, help="counts and seconds as JSON")
        parser.add_argument("--workers", type=int, default=2, help="processor cores to use")

    def handle(self, *_args: Any, **options: Any) -> None:
        started = time.perf_counter()
        files = source_files(options["source"], options["mapping"])
        try:
            rules = load_rules(options["rules"]) if options["rules"] else load_company_rules()
        except (RuleSetError, OSError) as error:
            raise CommandError(f"--rules: {error}", returncode=2) from error
        try:
            given, resolution, counts = match_files(files, rules, workers=options["workers"], progress=self._say)
            write_clusters(options["out"], given, resolution)
            if options["links"]:
                write_links(options["links"], given, resolution)
            if options["report"]:
                write_report(options["report"], rules, resolution, counts)
        except FileRefused as refusal:
            raise CommandError(str(refusal), returncode=2) from refusal
        except OSError as error:
            raise CommandError(f"can't write {error.filename}: {error.strerror}", returncode=2) from error
        found = resolution.counters
        self.stdout.write(
            f"{found['records']:,} records, {found['candidates']:,} pairs compared, {found['links']:,} links,"
            f" {found['clusters']:,} clusters in {time.perf_counter() - started:.1f} s: {options['out']}"
        )

    def _say(self, stage: str, done: int, total: int) -> None:
        if done == total:
            self.stderr.write(f"  {stage}: {total:,} records")
