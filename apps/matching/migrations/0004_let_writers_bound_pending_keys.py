from django.contrib.postgres.indexes import GinIndex
from django.db import migrations

NAME = "standard_by_match_key"


class Migration(migrations.Migration):
    dependencies = [("matching", "0003_let_later_decisions_supersede")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveIndex(model_name="standardrecord", name=NAME),
                migrations.AddIndex(model_name="standardrecord", index=GinIndex(fields=["match_keys"], name=NAME)),
            ],
            database_operations=[
                migrations.RunSQL(
                    f"ALTER INDEX {NAME} RESET (gin_pending_list_limit)",
                    f"ALTER INDEX {NAME} SET (gin_pending_list_limit = 65536)",
                )
            ],
        )
    ]
