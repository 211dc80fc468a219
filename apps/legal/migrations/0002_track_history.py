from django.db import migrations

from apps.base.history import track


class Migration(migrations.Migration):
    dependencies = [("base", "0001_write_history_by_trigger"), ("legal", "0001_initial")]
    operations = [
        track("legal_legalentity", "legal_historicallegalentity"),
        track("legal_identifier", "legal_historicalidentifier"),
        track("legal_companycode", "legal_historicalcompanycode"),
        track("legal_companyextension", "legal_historicalcompanyextension"),
    ]
