"""Things done to a small hub, each in one transaction, so that they can be interrupted at any of its statements."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from django.apps import apps
from django.db import connection

from apps.base.actors import Actor
from apps.base.retrying import retrying
from apps.golden.models import Membership
from apps.matching.models import Verdict
from apps.pipeline.deciding import merge_customers, split_customer, undo_decision
from apps.pipeline.receiving import receive_together
from apps.sources.pushing import Push
from tests.concurrency.companies import account, set_up_hub

SYSTEM, JANE = Actor("system", "sync"), Actor.person("jane", None)
_DIGEST = "SELECT '{0}', count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) FROM {0} t"


def prepare() -> None:
    """Make the hub that the acts are done to."""
    set_up_hub()
    there = [account(n, source) for n in range(1, 5) for source in ("crm", "erp")]
    retrying(lambda: receive_together(pushes=there, actor=SYSTEM))
    merge_customers(gid=_gid(3), others=[_gid(4)], reason="one company", actor=JANE)


def _gid(number: int) -> str:
    return str(Membership.objects.get(record__source__code="crm", record__key=f"{number}").golden.gid)


def _push(push: Push) -> Callable[[], object]:
    # In one transaction, as the API does.
    return lambda: retrying(lambda: receive_together(pushes=[push], actor=SYSTEM))


def _undo() -> object:
    return undo_decision(verdict_id=Verdict.objects.get().pk, actor=JANE)


ACTS: dict[str, Callable[[], object]] = {
    "a newcomer": _push(account(1, "billing")),
    "a change that leaves": _push(account(9, "crm", key="1")),
    "a deletion": _push(Push("crm", "1", is_deleted=True)),
    "a merge": lambda: merge_customers(gid=_gid(1), others=[_gid(2)], reason="one company", actor=JANE),
    "a split": lambda: split_customer(gid=_gid(1), groups=[["crm:1"]], reason="two companies", actor=JANE),
    "an undo": _undo,
}


def digest_everything() -> dict[str, tuple[int, int]]:
    """Return the rows of every table of the hub's own, and a sum over what they say."""
    tables = sorted(model._meta.db_table for model in apps.get_models() if model.__module__.startswith("apps."))
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(_DIGEST.format(table) for table in tables))
        return {table: (count, int(total)) for table, count, total in cursor.fetchall()}


@contextmanager
def interrupting_commit(interrupt: Callable[[], None]) -> Iterator[None]:
    """Interrupt this connection when everything is written and nothing is committed."""
    real = connection._commit  # type: ignore[attr-defined]

    def commit() -> None:
        interrupt()
        real()

    connection._commit = commit  # type: ignore[attr-defined]
    try:
        yield
    finally:
        connection._commit = real  # type: ignore[attr-defined]


def interrupting(number: int, interrupt: Callable[[], None]) -> AbstractContextManager[None]:
    """Interrupt this connection before statement `number` (from 1) of those that follow; later ones pass."""
    seen = 0

    def before(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:  # noqa: ANN401 - Django's signature
        nonlocal seen
        seen += 1
        if seen == number:
            interrupt()
        return execute(sql, params, many, context)

    return connection.execute_wrapper(before)
