from django.db import migrations, models

# What was asked before takes its place in the same order; its next matching says how many records are at stake.
FILL = """
UPDATE cases_case SET subject_record_id = high_record_id, stake = 2, priority = CASE WHEN kind = 'pair' THEN
    round(1000 * (
        3 - ln(1 + power(2::float8, greatest(least(score / 1000.0, 100), -100)::float8)) / ln(2)
        - ln(1 + power(2::float8, -greatest(least(score / 1000.0, 100), -100)::float8)) / ln(2)
        - extract(epoch FROM opened_at - timestamptz '2020-01-01 00:00Z') / 1209600
    ))::integer ELSE priority END
WHERE state = 'open' AND high_record_id IS NOT NULL AND (kind <> 'pair' OR score IS NOT NULL)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0003_ask_again_what_changed"),
    ]

    operations = [
        migrations.AddField(
            model_name="case",
            name="stake",
            field=models.IntegerField(db_default=1, default=1),
        ),
        migrations.AddField(
            model_name="case",
            name="subject_record_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="historicalcase",
            name="stake",
            field=models.IntegerField(db_default=1, default=1),
        ),
        migrations.AddField(
            model_name="historicalcase",
            name="subject_record_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("state", "open")),
                fields=["subject_record_id", "-priority", "id"],
                name="open_case_by_subject",
            ),
        ),
    ]
