from django.db import migrations

# What a push writes about whom to match is read by the next push, whose look-ups read all that waits once for each of
# their keys. Terms and words of a search are swept in less often: a search reads what waits a few times only.
SWEEP_KEYS = """
CREATE FUNCTION mdmhub_sweep_match_keys() RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT gin_clean_pending_list('standard_by_match_key');
$$
"""


class Migration(migrations.Migration):
    dependencies = [("golden", "0007_fix_values_with_decisions")]

    operations = [migrations.RunSQL(SWEEP_KEYS, "DROP FUNCTION mdmhub_sweep_match_keys()")]
