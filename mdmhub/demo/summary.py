"""Show what the hub holds now, and where to look first."""

from typing import TYPE_CHECKING

from django.db import connection
from rich.console import Console
from rich.panel import Panel
from rich.table import Table

if TYPE_CHECKING:
    from mdmhub.demo.seeding import Seeded

# One line each: what it is, how many, and what that means.
COUNTS = (
    ("Rows read", "SELECT coalesce(sum(rows_read), 0) FROM sources_intakebatch", "from three files"),
    ("Faults", "SELECT count(*) FROM sources_fault WHERE is_whole_row", "rows set aside, each with its reason"),
    ("Standard records", "SELECT count(*) FROM matching_standardrecord", "names, addresses, numbers made comparable"),
    ("Links", "SELECT count(*) FROM matching_link", "scored pairs worth keeping"),
    ("Golden customers", "SELECT count(*) FROM golden_goldenrecord WHERE state = 'live'", "one per legal entity"),
    (
        "  of several sources",
        "SELECT count(*) FROM golden_goldenrecord WHERE state = 'live' AND member_count > 1",
        "brought together by the engine",
    ),
    ("Open cases", "SELECT count(*) FROM cases_case WHERE state = 'open'", "questions for a steward"),
    ("Company extensions", "SELECT count(*) FROM legal_companyextension", "currency, terms and tax per company code"),
    ("Events", "SELECT count(*) FROM outbox_event", "in the outbox, one per change"),
    (
        "Deliveries",
        "SELECT count(*) FROM delivery_delivery WHERE state = 'delivered'",
        "to a signed webhook and a file feed",
    ),
    (
        "Ids written back",
        "SELECT count(*) FROM delivery_ledgerentry WHERE state = 'acknowledged'",
        "to CRM, billing and ERP, acknowledged",
    ),
)


def show_summary(console: Console, *, address: str, seeded: "Seeded", once: bool) -> None:
    """Print the counts, the address, the log-in and what to look at first."""
    table = Table(box=None, padding=(0, 2), show_header=False)
    table.add_column(style="bold")
    table.add_column(justify="right")
    table.add_column(style="dim")
    with connection.cursor() as cursor:
        for label, query, meaning in COUNTS:
            cursor.execute(query)
            table.add_row(label, f"{cursor.fetchone()[0]:,}", meaning)
    console.print()
    console.print(table)
    console.print()
    if once:
        console.print("Done. [bold]make demo[/bold] leaves the pages up; the data stays.")
        return
    lines = (
        f"Open   [bold]{address}[/bold]",
        f"Log in [bold]ana[/bold] with [bold]{seeded.passwords['ana']}[/bold]  (a steward; bora is her senior)",
        "",
        "First  Review: judge a pair with M (same), N (different), undo with Z",
        "Then   Customers: search for a name and see where each value comes from",
        f"REST   curl -H 'Authorization: Bearer {seeded.token}' '{address}api/v1/customers?q=traeger'",
        f"       the whole interface: {address}api/v1/docs/",
        "Next   the second day: python manage.py load --source erp=samples/day2/erp.csv \\",
        "         --source billing=samples/day2/billing.csv --source crm=samples/day2/crm.csv",
        "",
        "Ctrl-C stops everything; the data stays.",
    )
    console.print(Panel("\n".join(lines), title="The hub is up", expand=False, padding=(1, 2)))
