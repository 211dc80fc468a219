"""Read a table of customer × company code: one CSV line per ERP customer and company of ours."""

import csv
from pathlib import Path

from apps.base.errors import Invalid
from apps.legal.services import ExtensionRow

NEEDED = ("customer_key", "company_code")
TRUE = {"1", "true", "yes", "x"}


def read_company_codes(path: Path) -> tuple[dict[str, dict[str, str]], list[ExtensionRow]]:
    """Return our company codes with their names, and the extensions; raise Invalid naming a missing column.

    A line without customer or company code says nothing and is left out.
    """
    codes: dict[str, dict[str, str]] = {}
    rows: list[ExtensionRow] = []
    with path.open(newline="", encoding="utf-8-sig") as source:
        reader = csv.DictReader(source)
        if missing := [name for name in NEEDED if name not in (reader.fieldnames or ())]:
            raise Invalid(f"{path.name} lacks the column {missing[0]}", columns=list(reader.fieldnames or ()))
        for line in reader:
            key, code = (line[name].strip() for name in NEEDED)
            if not key or not code:
                continue
            codes.setdefault(code, {"name": line.get("company_name", "").strip(), "country": code[:2]})
            rows.append(_row(key, code, line))
    return codes, rows


def _row(key: str, code: str, line: dict[str, str]) -> ExtensionRow:
    def text(name: str, length: int) -> str:
        return (line.get(name) or "").strip()[:length]

    return ExtensionRow(
        key=key,
        company_code=code,
        currency=text("currency", 3),
        payment_terms=text("payment_terms", 60),
        tax_profile=text("tax_profile", 60),
        reconciliation_account=text("reconciliation_account", 40),
        is_blocked=text("blocked", 10).lower() in TRUE,
    )
