import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("delivery", "0002_track_history")]
    operations = [
        migrations.RemoveIndex(model_name="delivery", name="delivery_due"),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state", "waiting")),
                fields=["subscriber", "next_attempt_at", "id"],
                name="delivery_due",
            ),
        ),
        migrations.CreateModel(
            name="SubscriberPause",
            fields=[
                (
                    "subscriber",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="pause",
                        serialize=False,
                        to="delivery.subscriber",
                    ),
                ),
                ("failures", models.PositiveIntegerField(default=0)),
                ("until", models.DateTimeField()),
            ],
        ),
    ]
