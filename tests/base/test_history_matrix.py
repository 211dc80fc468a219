"""Every governed model × every way to write: history rows equal changed rows, each with actor, reason and run."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import dj_database_url
import pytest
from django.conf import settings
from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.auth.models import User
from django.contrib.messages.storage.fallback import FallbackStorage
from django.db import DatabaseError, connection, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from apps.base.actors import Actor, acting
from apps.base.grants import grant_application_role
from apps.base.middleware import ActorMiddleware
from tests.base.governed import change, changeable_field, governed_models, history_of, make_unsaved

pytestmark = pytest.mark.django_db
Model = type[models.Model]
JANE = Actor.person("jane", None)
REASON, RUN = "tried every way to write", 77
GOVERNED = governed_models()


@dataclass
class Written:
    """What a way to write did: rows added, changed and removed."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    by: str = str(JANE)
    why: str = REASON
    run: int = RUN
    user_id: int | None = field(default=None)


def rows_of(model: Model, count: int) -> list[models.Model]:
    """Return saved rows; what they wrote themselves is over before the way under test begins."""
    with acting(Actor.hub("arranging"), reason="arranged"):
        rows = [make_unsaved(model) for _ in range(count)]
        for row in rows:
            row.save()
    return rows


def columns_of(model: Model) -> list[str]:
    return [str(f.column) for f in model._meta.concrete_fields]


def run_sql(text: str, *params: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(text, params or None)
        return int(cursor.rowcount)


def by_save(model: Model) -> Written:
    rows = [*rows_of(model, 2), make_unsaved(model)]
    with acting(JANE, reason=REASON, run_id=RUN), counting(model):
        change(rows[0])
        for row in rows:
            row.save()  # the second one is as it was
    return Written(added=1, changed=1)


def by_bulk_create(model: Model) -> Written:
    rows = [make_unsaved(model) for _ in range(3)]
    with acting(JANE, reason=REASON, run_id=RUN), counting(model):
        model._default_manager.bulk_create(rows)
    return Written(added=3)


def by_bulk_update(model: Model) -> Written:
    rows = rows_of(model, 3)
    for row in rows[:2]:
        change(row)
    with acting(JANE, reason=REASON, run_id=RUN), counting(model):
        model._default_manager.bulk_update(rows, [changeable_field(model).name])
    return Written(changed=2)


def by_queryset_update(model: Model) -> Written:
    rows = rows_of(model, 3)
    name = changeable_field(model).name
    change(rows[0])
    wanted = getattr(rows[0], name)
    same = model._default_manager.filter(pk__in=[r.pk for r in rows], **{name: wanted}).count()
    with acting(JANE, reason=REASON, run_id=RUN), counting(model):
        model._default_manager.filter(pk__in=[r.pk for r in rows]).update(**{name: wanted})
        model._default_manager.filter(pk__in=[r.pk for r in rows]).update(**{name: wanted})
    return Written(changed=3 - same)


def by_delete(model: Model) -> Written:
    rows = rows_of(model, 3)
    with acting(JANE, reason=REASON, run_id=RUN), counting(model):
        rows[0].delete()
        model._default_manager.filter(pk__in=[r.pk for r in rows[1:]]).delete()
    return Written(removed=3)


def by_upsert(model: Model) -> Written:
    rows = [*rows_of(model, 2), make_unsaved(model)]
    if rows[2].pk is None:
        rows[2].pk = 2_000_000_000
    change(rows[0])
    key = model._meta.pk
    assert key is not None
    with acting(JANE, reason=REASON, run_id=RUN), counting(model):
        model._default_manager.bulk_create(
            rows, update_conflicts=True, unique_fields=[key.name], update_fields=[changeable_field(model).name]
        )
    return Written(added=1, changed=1)


def by_raw_on_conflict(model: Model) -> Written:
    rows = rows_of(model, 2)
    table, names = model._meta.db_table, ", ".join(f'"{c}"' for c in columns_of(model))
    key, column = model._meta.pk.column, changeable_field(model).column
    change(rows[0])
    wanted = getattr(rows[0], changeable_field(model).name)
    same = model._default_manager.filter(pk=rows[1].pk, **{changeable_field(model).name: wanted}).count()
    with acting(JANE, reason=REASON, run_id=RUN), counting(model):
        run_sql(
            f'INSERT INTO {table} ({names}) SELECT {names} FROM {table} WHERE "{key}" = ANY(%s)'
            f' ON CONFLICT ("{key}") DO UPDATE SET "{column}" = %s',
            [r.pk for r in rows],
            wanted,
        )
    return Written(changed=2 - same)


def by_raw_sql(model: Model) -> Written:
    rows = rows_of(model, 3)
    table, key, column = model._meta.db_table, model._meta.pk.column, changeable_field(model).column
    change(rows[0])
    wanted = getattr(rows[0], changeable_field(model).name)
    with acting(JANE, reason=REASON, run_id=RUN), counting(model):
        run_sql(f'UPDATE {table} SET "{column}" = %s WHERE "{key}" = %s', wanted, rows[0].pk)
        run_sql(f'UPDATE {table} SET "{column}" = "{column}" WHERE "{key}" = %s', rows[1].pk)
        run_sql(f'DELETE FROM {table} WHERE "{key}" = %s', rows[2].pk)
    return Written(changed=1, removed=1)


def by_copy(model: Model) -> Written:
    rows = rows_of(model, 3)
    table, names = model._meta.db_table, ", ".join(f'"{c}"' for c in columns_of(model))
    wanted = ", ".join(str(r.pk) for r in rows)
    key = model._meta.pk.column
    with connection.cursor() as cursor:
        with cursor.copy(f'COPY (SELECT {names} FROM {table} WHERE "{key}" IN ({wanted})) TO STDOUT') as out:
            content = b"".join(bytes(block) for block in out)
        run_sql(f'DELETE FROM {table} WHERE "{key}" IN ({wanted})')
        came_in = cursor.copy(f"COPY {table} ({names}) FROM STDIN")
        with acting(JANE, reason=REASON, run_id=RUN), counting(model), came_in as copy:
            copy.write(content)
    return Written(added=3)


def by_admin_form(model: Model) -> Written:
    row, user = rows_of(model, 1)[0], User.objects.create_superuser("admin", "", "secret")
    name = changeable_field(model).name
    change(row)
    admin = type("Form", (ModelAdmin,), {"fields": [name]})(model, AdminSite())
    posted = {"_continue": "1"} | ({} if getattr(row, name) is False else {name: getattr(row, name)})
    request = RequestFactory().post(f"/admin/{model._meta.label_lower}/{row.pk}/", posted)
    request.user = user
    request.session = {}  # type: ignore[assignment]
    request._messages = FallbackStorage(request)  # type: ignore[attr-defined]
    request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]

    def change_view(given: HttpRequest) -> HttpResponse:
        shown: HttpResponse = admin.change_view(given, str(row.pk))
        return shown

    with counting(model):
        response = ActorMiddleware(change_view)(request)
    assert response.status_code == 302
    return Written(changed=1, by="person:admin", why="changed in the admin", run=0, user_id=user.pk)


WAYS: list[Callable[[Model], Written]] = [
    by_save,
    by_bulk_create,
    by_bulk_update,
    by_queryset_update,
    by_delete,
    by_upsert,
    by_raw_on_conflict,
    by_raw_sql,
    by_copy,
    by_admin_form,
]


class counting:  # noqa: N801 - reads as a word in a with statement
    """Remembers where the history of a model stood when the way under test began."""

    since = 0

    def __init__(self, model: Model) -> None:
        self.history = history_of(model)

    def __enter__(self) -> None:
        newest = self.history._default_manager.order_by("-history_id").values_list("history_id", flat=True).first()
        counting.since = int(newest or 0)

    def __exit__(self, *_error: object) -> None:
        return None


def new_history(model: Model) -> list[Any]:
    return list(history_of(model)._default_manager.filter(history_id__gt=counting.since).order_by("history_id"))


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("model", GOVERNED, ids=lambda model: model._meta.label)
def test_history_rows_equal_changed_rows(model: Model, way: Callable[[Model], Written]) -> None:
    written = way(model)
    entries = new_history(model)
    kinds = Counter(entry.history_type for entry in entries)
    assert kinds == Counter({"+": written.added, "~": written.changed, "-": written.removed})
    for entry in entries:
        said = (entry.history_actor, entry.history_change_reason, entry.history_run, entry.history_user_id)
        assert said == (written.by, written.why, written.run, written.user_id)
        assert entry.history_date is not None
    _hold_newest_to_rows(model, entries)


def _hold_newest_to_rows(model: Model, entries: list[Any]) -> None:
    """The newest entry of a row that stands says what the row says."""
    key = model._meta.pk
    assert key is not None
    newest = {getattr(entry, key.attname): entry for entry in entries if entry.history_type != "-"}
    rows = {row.pk: row for row in model._default_manager.filter(pk__in=newest)}
    for pk, row in rows.items():
        for column in model._meta.concrete_fields:
            assert getattr(newest[pk], column.attname) == getattr(row, column.attname), column.name


@pytest.mark.parametrize("model", GOVERNED, ids=lambda model: model._meta.label)
def test_a_write_outside_acting_names_the_database_role(model: Model) -> None:
    row = make_unsaved(model)
    with counting(model):
        row.save()
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_user")
        role = cursor.fetchone()[0]
    [entry] = new_history(model)
    assert (entry.history_actor, entry.history_change_reason) == (f"database:{role}", "no reason given")


@pytest.mark.parametrize("model", GOVERNED, ids=lambda model: model._meta.label)
def test_history_can_be_neither_updated_nor_deleted(model: Model) -> None:
    rows_of(model, 1)
    table = history_of(model)._meta.db_table
    for statement in (f"UPDATE {table} SET history_actor = 'nobody'", f"DELETE FROM {table}"):
        with pytest.raises(DatabaseError, match="can't be changed"), transaction.atomic():
            run_sql(statement)


@contextmanager
def as_application() -> Iterator[Any]:
    """A cursor of the role that the hub works as, with the rights that migrations grant it; nothing of it stays."""
    app = dj_database_url.parse(os.environ["DATABASE_URL"])
    if app["USER"] == connection.settings_dict["USER"]:
        pytest.skip("here one role both owns and uses the database")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(settings.DATABASES["default"], "USER", app["USER"])
        grant_application_role("default")
    own = connection.copy("application")
    own.settings_dict |= {"USER": app["USER"], "PASSWORD": app["PASSWORD"]}
    try:
        with transaction_of(own), own.cursor() as cursor:
            yield cursor
    finally:
        own.close()


@contextmanager
def transaction_of(own: BaseDatabaseWrapper) -> Iterator[None]:
    own.set_autocommit(False)
    yield
    own.rollback()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("model", GOVERNED, ids=lambda model: model._meta.label)
def test_the_application_role_writes_history_only_by_writing_rows(model: Model) -> None:
    row = rows_of(model, 1)[0]
    table, history = model._meta.db_table, history_of(model)._meta.db_table
    key, column = model._meta.pk.column, changeable_field(model).column
    change(row)
    with as_application() as cursor:
        cursor.execute("SELECT set_config('mdmhub.actor', 'person:jane', true)")
        wanted = getattr(row, changeable_field(model).name)
        cursor.execute(f'UPDATE {table} SET "{column}" = %s WHERE "{key}" = %s', [wanted, row.pk])
        cursor.execute(f"SELECT history_type, history_actor FROM {history} ORDER BY history_id DESC LIMIT 1")
        assert cursor.fetchone() == ("~", "person:jane")
        for statement in (
            f"INSERT INTO {history} SELECT * FROM {history}",
            f"UPDATE {history} SET history_actor = 'nobody'",
            f"DELETE FROM {history}",
            f"TRUNCATE {history}",
            f"TRUNCATE {table} CASCADE",
            f"ALTER TABLE {table} DISABLE TRIGGER ALL",
            f"DROP TRIGGER history_kept ON {history}",
            "SET LOCAL session_replication_role = 'replica'",
        ):
            cursor.execute("SAVEPOINT before")
            with pytest.raises(DatabaseError, match=r"permission denied|must be owner"):
                cursor.execute(statement)
            cursor.execute("ROLLBACK TO before")


def test_every_governed_table_has_its_triggers() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " WHERE NOT t.tgisinternal AND t.tgname IN ('history_insert', 'history_update', 'history_delete')"
            " GROUP BY 1 HAVING count(*) = 3"
        )
        tracked = {row[0] for row in cursor.fetchall()}
    assert tracked == {model._meta.db_table for model in GOVERNED}
    assert len(GOVERNED) >= 12
