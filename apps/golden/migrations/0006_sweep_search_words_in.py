from django.contrib.postgres.indexes import GinIndex
from django.db import migrations

NAME = "search_word_by_key"
# A search reads what is pending for each of its words, so that what pushes have learnt is swept in with the rest.
SWEEP = """
CREATE OR REPLACE FUNCTION mdmhub_sweep_pending() RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT gin_clean_pending_list('standard_by_match_key') + gin_clean_pending_list('golden_by_search_term')
         + gin_clean_pending_list('search_word_by_key');
$$
"""
SWEEP_WITHOUT_WORDS = """
CREATE OR REPLACE FUNCTION mdmhub_sweep_pending() RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT gin_clean_pending_list('standard_by_match_key') + gin_clean_pending_list('golden_by_search_term');
$$
"""


class Migration(migrations.Migration):
    dependencies = [("golden", "0005_let_writers_bound_pending_terms")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveIndex(model_name="searchword", name=NAME),
                migrations.AddIndex(model_name="searchword", index=GinIndex(fields=["keys"], name=NAME)),
            ],
            database_operations=[
                migrations.RunSQL(
                    f"ALTER INDEX {NAME} RESET (gin_pending_list_limit)",
                    f"ALTER INDEX {NAME} SET (gin_pending_list_limit = 1024)",
                )
            ],
        ),
        migrations.RunSQL(SWEEP, SWEEP_WITHOUT_WORDS),
    ]
