from django.contrib.postgres.indexes import GinIndex
from django.db import migrations

NAME = "golden_by_search_term"
# Only an index's owner may sweep its pending entries in, and the application's role owns none.
SWEEP = """
CREATE FUNCTION mdmhub_sweep_pending() RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT gin_clean_pending_list('standard_by_match_key') + gin_clean_pending_list('golden_by_search_term');
$$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("golden", "0004_hang_pins_on_records"),
        ("matching", "0004_let_writers_bound_pending_keys"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveIndex(model_name="goldenrecord", name=NAME),
                migrations.AddIndex(model_name="goldenrecord", index=GinIndex(fields=["search_terms"], name=NAME)),
            ],
            database_operations=[
                migrations.RunSQL(
                    f"ALTER INDEX {NAME} RESET (gin_pending_list_limit)",
                    f"ALTER INDEX {NAME} SET (gin_pending_list_limit = 65536)",
                )
            ],
        ),
        migrations.RunSQL(SWEEP, "DROP FUNCTION mdmhub_sweep_pending()"),
    ]
