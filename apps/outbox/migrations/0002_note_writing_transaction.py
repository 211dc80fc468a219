from django.db import migrations

# Row ids are drawn before commit, so they don't say what a reader has seen; a transaction's number and a snapshot do.
NOTE = """
ALTER TABLE outbox_event ADD COLUMN written_in bigint NOT NULL DEFAULT (pg_current_xact_id()::text::bigint);
CREATE INDEX event_by_writing_transaction ON outbox_event (written_in, id);
"""


class Migration(migrations.Migration):
    dependencies = [("outbox", "0001_initial")]
    operations = [migrations.RunSQL(NOTE, "ALTER TABLE outbox_event DROP COLUMN written_in")]
