from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0005_ask_about_weak_customers"),
    ]

    operations = [
        migrations.CreateModel(
            name="Claim",
            fields=[
                ("case_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("person", models.CharField(max_length=200)),
                ("since", models.DateTimeField()),
                ("renewed_at", models.DateTimeField()),
            ],
        ),
    ]
