"""manage.py load_company_codes: take in an ERP's customer × company code table."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.base.actors import Actor
from apps.base.errors import Invalid
from apps.legal.company_codes import read_company_codes
from apps.legal.services import register_company_codes, store_extensions
from apps.pipeline.management.parsing import speak_in_one_line


class Command(BaseCommand):
    help = "Load company code, currency, payment terms and tax profile per ERP customer."

    def add_arguments(self, parser: CommandParser) -> None:
        speak_in_one_line(parser)
        parser.add_argument("source", help="code of the ERP whose customers the table names")
        parser.add_argument("path", type=Path, help="CSV with customer_key, company_code, currency, …")

    def handle(self, *_args: Any, **options: Any) -> None:
        actor = Actor.hub("load_company_codes")
        try:
            codes, rows = read_company_codes(options["path"])
        except (OSError, Invalid) as error:
            raise CommandError(str(error), returncode=2) from error
        register_company_codes(codes=codes, actor=actor)
        stored = store_extensions(source_code=options["source"], rows=rows, run_id=0, actor=actor)
        self.stdout.write(f"{len(codes)} company codes, {stored:,} of {len(rows):,} extensions stored")
