import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("golden", "0003_learn_search_words"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="pin",
            name="one_pin_per_value",
        ),
        migrations.AddField(
            model_name="historicalpin",
            name="record_ids",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(), default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="historicalpin",
            name="release_value",
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name="pin",
            name="record_ids",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(), default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="pin",
            name="release_value",
            field=models.TextField(blank=True),
        ),
        migrations.AddIndex(
            model_name="pin",
            index=django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(("released_at__isnull", True)), fields=["record_ids"], name="pin_by_record"
            ),
        ),
        migrations.AddIndex(
            model_name="pin",
            index=models.Index(
                condition=models.Q(("release_record_id__isnull", False), ("released_at__isnull", True)),
                fields=["release_record_id"],
                name="pin_by_watched_record",
            ),
        ),
        migrations.AddIndex(
            model_name="pin",
            index=models.Index(
                condition=models.Q(("release_on__isnull", False), ("released_at__isnull", True)),
                fields=["release_on"],
                name="pin_by_day",
            ),
        ),
        migrations.AddConstraint(
            model_name="pin",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("release", "source_changes"),
                        ("release_on__isnull", True),
                        ("release_record_id__isnull", False),
                    ),
                    models.Q(("release", "date"), ("release_on__isnull", False), ("release_record_id__isnull", True)),
                    models.Q(("release", "never"), ("release_on__isnull", True), ("release_record_id__isnull", True)),
                    _connector="OR",
                ),
                name="a_pin_says_what_releases_it",
            ),
        ),
    ]
