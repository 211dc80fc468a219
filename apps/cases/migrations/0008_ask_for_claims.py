"""A claim keeps who asks for its case, and whether it was kept."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Two columns with database defaults: nothing is rewritten."""

    dependencies = [("cases", "0007_narrow_the_queue")]

    operations = [
        migrations.AddField(
            "claim", "asked_by", models.CharField(blank=True, db_default="", default="", max_length=200)
        ),
        migrations.AddField("claim", "is_kept", models.BooleanField(db_default=False, default=False)),
    ]
