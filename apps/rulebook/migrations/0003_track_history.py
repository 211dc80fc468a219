from django.db import migrations

from apps.base.history import track


class Migration(migrations.Migration):
    dependencies = [("base", "0001_write_history_by_trigger"), ("rulebook", "0002_try_approve_publish")]
    operations = [
        migrations.RunSQL(
            "UPDATE rulebook_rulesetversion SET state = 'tried' WHERE state = 'published'",
            migrations.RunSQL.noop,
        ),
        track("rulebook_dryrun", "rulebook_historicaldryrun"),
        track("rulebook_approval", "rulebook_historicalapproval"),
        track("rulebook_publication", "rulebook_historicalpublication"),
    ]
