from django.db import migrations

from apps.base.history import track


class Migration(migrations.Migration):
    dependencies = [("base", "0001_write_history_by_trigger"), ("sources", "0001_initial")]
    operations = [
        track("sources_sourcesystem", "sources_historicalsourcesystem"),
    ]
