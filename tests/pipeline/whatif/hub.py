"""A small hub whose rules are about to change: loaded, decided about, pinned, with somebody to tell."""

from collections import Counter
from pathlib import Path
from typing import Any

from django.db import connection

from apps.base.actors import Actor
from apps.cases.models import Case
from apps.delivery.models import LedgerEntry
from apps.delivery.services import register_subscriber
from apps.golden.models import GoldenRecord
from apps.outbox.models import Event
from apps.pipeline.deciding import merge_customers, split_customer
from apps.pipeline.fixing import Wish, pin_value
from apps.pipeline.whatif import approve_version, carry_out_rematch, publish_version, try_version
from apps.rulebook.services import save_draft
from tests.concurrency.rule_sets import RULE_SETS
from tests.pipeline.files import cut_sample, load_rows
from tests.pipeline.reading import Hub, read_hub

ANNA, BEN, JANE = (Actor.person(name, None) for name in ("anna", "ben", "jane"))


def set_up(folder: Path, *, companies: int = 60) -> None:
    """Load some companies; merge two customers, split one, pin a value; two subscribers."""
    for code, types in (("all", []), ("splits", ["customer.split"])):
        register_subscriber(code=code, transport="file", target=f"{code}.jsonl", types=types, actor=JANE)
    load_rows(folder, cut_sample(companies, sources=3))
    hub = read_hub()
    large = sorted(gid for gid, members in hub.customers.items() if len(members) >= 3)
    merge_customers(gid=large[0], others=[large[1]], reason="one company", actor=JANE)
    first = min(hub.customers[large[2]])
    split_customer(gid=large[2], groups=[[":".join(first)]], reason="two companies", actor=JANE)
    pin_value(gid=large[3], wish=Wish("city", "Pinville"), reason="seen", actor=JANE)


def draft(name: str = "strict") -> int:
    return save_draft(rules=RULE_SETS[name], note=name, actor=ANNA).number


def publish(number: int) -> None:
    """Try, approve and publish a version, and match by it."""
    try_version(number=number, actor=ANNA)
    approve_version(number=number, reason="looked at it", actor=BEN)
    publish_version(number=number, reason="better rules", actor=ANNA)
    carry_out_rematch(actor=Actor.hub("rematch"))


def what_is_there() -> dict[str, Any]:
    """Return what a report speaks of, as the hub has it now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM delivery_delivery")
        deliveries = cursor.fetchone()[0]
    return {
        "states": Counter(GoldenRecord.objects.values_list("state", flat=True)),
        "versions": dict(GoldenRecord.objects.values_list("gid", "version")),
        "values": {
            gid: {name: said["value"] for name, said in values.items()}
            for gid, values in GoldenRecord.objects.filter(state="live").values_list("gid", "values")
        },
        "events": Counter(Event.objects.values_list("type", flat=True)),
        "cases": {
            (low, high): (state, score)
            for low, high, state, score in Case.objects.order_by("pk").values_list(
                "low_record_id", "high_record_id", "state", "score"
            )
        },
        "open": set(Case.objects.filter(state="open").values_list("pk", flat=True)),
        "all_cases": set(Case.objects.values_list("pk", flat=True)),
        "deliveries": deliveries,
        "ids": dict(LedgerEntry.objects.values_list("record_id", "desired")),
        "systems": dict(LedgerEntry.objects.values_list("record_id", "source_code")),
    }


def difference(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Return what changed in between, in a report's words."""
    both = before["values"].keys() & after["values"].keys()
    changed = Counter(
        name
        for gid in both
        for name in before["values"][gid].keys() | after["values"][gid].keys()
        if before["values"][gid].get(name) != after["values"][gid].get(name)
    )
    wished = [r for r, gid in after["ids"].items() if before["ids"].get(r) != gid]
    return {
        "merged": after["states"]["merged"] - before["states"]["merged"],
        "created": len(after["versions"]) - len(before["versions"]),
        "events": dict(after["events"] - before["events"]),
        "new_cases": len(after["all_cases"] - before["all_cases"]),
        "cases_closed": len(before["open"] - after["open"]),
        "deliveries": after["deliveries"] - before["deliveries"],
        "targets": dict(Counter(after["systems"][r] for r in wished)),
        "attributes": dict(changed),
        "told": len([g for g, v in after["versions"].items() if before["versions"].get(g) != v]),
    }


__all__ = ["ANNA", "BEN", "JANE", "Hub", "difference", "draft", "publish", "read_hub", "set_up", "what_is_there"]
