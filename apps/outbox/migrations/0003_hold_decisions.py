from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("outbox", "0002_note_writing_transaction")]

    operations = [
        migrations.AddField(model_name="event", name="decision_id", field=models.BigIntegerField(null=True)),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                condition=models.Q(("decision_id__isnull", False)), fields=["decision_id"], name="event_by_decision"
            ),
        ),
    ]
