"""History of governed rows: one row per changed row on every write path, with actor, reason and run.

The tables are django-simple-history's. Statement-level triggers fill them, so `save()`, bulk methods, raw SQL and COPY
are all covered, and a row that an UPDATE leaves as it was writes nothing. History can't be updated or deleted.
"""

from typing import Any

from django.db import migrations, models
from simple_history.models import HistoricalRecords

WRITE_FUNCTION = """
CREATE OR REPLACE FUNCTION mdmhub_write_history() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    names text;
    rows_changed text;
    mark text;
BEGIN
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO names
    FROM pg_attribute
    WHERE attrelid = TG_RELID AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
    IF TG_OP = 'INSERT' THEN
        rows_changed := 'SELECT n.* FROM new_rows n';
        mark := '+';
    ELSIF TG_OP = 'UPDATE' THEN
        rows_changed := format(
            'SELECT n.* FROM new_rows n JOIN old_rows o USING (%1$I) WHERE n.* IS DISTINCT FROM o.*', TG_ARGV[1]);
        mark := '~';
    ELSE
        rows_changed := 'SELECT o.* FROM old_rows o';
        mark := '-';
    END IF;
    EXECUTE format(
        'INSERT INTO %1$I (%2$s, history_date, history_type, history_change_reason, history_user_id, history_actor,'
        ' history_run) SELECT %2$s, $1, $2, $3, $4, $5, $6 FROM (%3$s) AS changed',
        TG_ARGV[0], names, rows_changed)
    USING
        clock_timestamp(),
        mark,
        coalesce(nullif(current_setting('mdmhub.reason', true), ''), 'no reason given'),
        nullif(current_setting('mdmhub.user', true), '')::integer,
        coalesce(nullif(current_setting('mdmhub.actor', true), ''), 'database:' || session_user),
        coalesce(nullif(current_setting('mdmhub.run', true), ''), '0')::bigint;
    RETURN NULL;
END
$$;
CREATE OR REPLACE FUNCTION mdmhub_keep_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'history of % can''t be changed', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;
"""
DROP_FUNCTIONS = "DROP FUNCTION IF EXISTS mdmhub_write_history(), mdmhub_keep_history() CASCADE"


class HubHistory(models.Model):
    """Columns every history row carries beside the package's own."""

    history_actor = models.CharField(max_length=200)
    history_run = models.BigIntegerField(default=0)

    class Meta:
        abstract = True


def tracked(*unindexed: str) -> Any:  # noqa: ANN401 - the package's manager is untyped
    """Return the history manager of a governed model; `unindexed` names columns whose history needs no index."""
    return HistoricalRecords(bases=[HubHistory], no_db_index=list(unindexed))


# History is asked by row, hardly ever by person, and an index costs every bulk write.
DROP_USER_INDEX = """
DO $$
DECLARE index_name text;
BEGIN
    FOR index_name IN
        SELECT c.relname FROM pg_index i
        JOIN pg_class c ON c.oid = i.indexrelid
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE i.indrelid = '{table}'::regclass AND a.attname = 'history_user_id'
    LOOP
        EXECUTE format('DROP INDEX %I', index_name);
    END LOOP;
END
$$
"""


def track(table: str, history_table: str, key: str = "id") -> migrations.RunSQL:
    """Return the migration step that keeps `history_table` for every write to `table`, whose primary key is `key`."""
    call = f"FOR EACH STATEMENT EXECUTE FUNCTION mdmhub_write_history('{history_table}', '{key}')"
    new, old = "NEW TABLE AS new_rows", "OLD TABLE AS old_rows"
    keep = "FOR EACH STATEMENT EXECUTE FUNCTION mdmhub_keep_history()"
    forward: list[str | tuple[str, Any]] = [
        f"CREATE TRIGGER history_insert AFTER INSERT ON {table} REFERENCING {new} {call}",
        f"CREATE TRIGGER history_update AFTER UPDATE ON {table} REFERENCING {new} {old} {call}",
        f"CREATE TRIGGER history_delete AFTER DELETE ON {table} REFERENCING {old} {call}",
        f"CREATE TRIGGER history_kept BEFORE UPDATE OR DELETE ON {history_table} {keep}",
        DROP_USER_INDEX.format(table=history_table),
    ]
    backward: list[str | tuple[str, Any]] = [
        *(f"DROP TRIGGER IF EXISTS history_{name} ON {table}" for name in ("insert", "update", "delete")),
        f"DROP TRIGGER IF EXISTS history_kept ON {history_table}",
    ]
    return migrations.RunSQL(forward, backward)
