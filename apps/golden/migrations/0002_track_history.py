from django.db import migrations

from apps.base.history import track


class Migration(migrations.Migration):
    dependencies = [("base", "0001_write_history_by_trigger"), ("golden", "0001_initial")]
    operations = [
        track("golden_goldenrecord", "golden_historicalgoldenrecord"),
        track("golden_membership", "golden_historicalmembership", "record_id"),
        track("golden_pin", "golden_historicalpin"),
    ]
