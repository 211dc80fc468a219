from django.db import migrations

from apps.base.history import DROP_FUNCTIONS, WRITE_FUNCTION


class Migration(migrations.Migration):
    dependencies = []
    operations = [migrations.RunSQL(WRITE_FUNCTION, DROP_FUNCTIONS)]
