from django.db import migrations

from apps.base.history import track


class Migration(migrations.Migration):
    dependencies = [("base", "0001_write_history_by_trigger"), ("matching", "0001_initial")]
    operations = [
        track("matching_verdict", "matching_historicalverdict"),
        track("matching_verdictpair", "matching_historicalverdictpair"),
    ]
