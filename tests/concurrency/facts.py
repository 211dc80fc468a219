"""The same final facts once more: what a hub would hold had everything come at once, to hold what it does hold to."""

from collections.abc import Sequence

from django.apps import apps
from django.db import connection, transaction
from django.utils import timezone

from apps.base.actors import Actor, acting
from apps.golden.models import Pin
from apps.pipeline.draining import drain_redo
from apps.pipeline.flow import Ask, resolve
from apps.pipeline.live import absorb
from apps.pipeline.runs import journal
from apps.pipeline.snapshot import list_all, list_pending
from apps.quality.selectors import list_broken
from apps.sources.pushed_landing import count_landed, find_sources, land_pushed
from apps.sources.pushing import Push, read_pushes
from tests.pipeline.reading import Hub, read_hub

LANDING = Actor("system", "landing")
REPLAY = Actor.hub("replay")
# What people said and what sources gave are facts; all else follows from them.
_FACTS = ("apps.sources.", "apps.rulebook.", "apps.matching.models.Verdict")


def land(pushes: Sequence[Push]) -> None:
    """Have records wait to be matched, as a file does that is taken in."""
    reading = read_pushes(list(enumerate(pushes, start=1)), now=timezone.now())
    with transaction.atomic():
        sources = find_sources(push.source_code for push in pushes)
        count_landed(landing=land_pushed(reading=reading, sources=sources, actor=LANDING), faulted={}, actor=LANDING)


def match_in_bulk(chunk_records: int = 5_000) -> None:
    """Match what waits, in a run of its own."""
    with journal(kind="replay", arguments={}, actor=REPLAY) as log:
        resolve(log, Ask(reason="replayed", dirty=list_pending(), chunk_records=chunk_records))


def settle_down() -> Hub:
    """Work off the redo queue and return the hub; nothing may be broken."""
    drain_redo(actor=REPLAY)
    broken = [(finding.number, finding.rows) for finding in list_broken()]
    assert not broken, broken
    return read_hub()


def match_all_in_bulk() -> None:
    """Match every record anew, as is done when other rules come into force."""
    with journal(kind="replay", arguments={}, actor=REPLAY) as log:
        resolve(log, Ask(reason="other rules", dirty=sorted({*list_all(), *list_pending()})))


def replay_in_bulk() -> Hub:
    """Forget what came of the facts, and match them all at once."""
    forget_what_followed()
    match_in_bulk()
    return settle_down()


def replay_live(order: list[int], size: int = 1) -> Hub:
    """Forget what came of the facts, and take them in a few at a time, in the order given."""
    forget_what_followed()
    for first in range(0, len(order), size):
        absorb(order[first : first + size], actor=REPLAY, reason="replayed")
    return settle_down()


def forget_what_followed() -> None:
    """Empty every table but those of facts; the records wait to be matched.

    Pins are facts, too: they stay, though the customers that they were made for are gone.
    """
    named = [(f"{m.__module__}.{m.__name__}", m._meta.db_table) for m in apps.get_models()]
    tables = [table for name, table in named if name.startswith("apps.") and not name.startswith(_FACTS)]
    with acting(REPLAY, reason="replayed"), connection.cursor() as cursor:
        pins = list(Pin.objects.all())
        cursor.execute("DELETE FROM golden_pin")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"TRUNCATE {', '.join(tables)}")
        cursor.execute("UPDATE sources_sourcerecord SET state = 'received', applied_number = NULL")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        Pin.objects.bulk_create(pins)
