"""Where records come from, exactly as received. A version is appended, never edited."""

from django.db import models
from django.db.models import F, Q

from apps.base.history import tracked


class SourceSystem(models.Model):
    """A CRM, billing or ERP instance whose accounts the hub takes in."""

    class Kind(models.TextChoices):
        CRM = "crm", "CRM"
        BILLING = "billing", "Billing"
        ERP = "erp", "ERP"
        OTHER = "other", "Other"

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.OTHER)
    # Higher is more trusted: survivorship's "most trusted source" reads this.
    trust = models.PositiveSmallIntegerField(default=50)
    # One of eight fixed hues of the source badge, assigned once.
    hue = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    history = tracked()

    def __str__(self) -> str:
        return self.name


class IntakeBatch(models.Model):
    """One intake of one source: a file, a page of a pull, or the pushes of an hour. Rows read = the sum of outcomes."""

    class State(models.TextChoices):
        LANDING = "landing"  # rows are being landed; resumable from `rows_landed`
        LANDED = "landed"  # every row has its outcome
        HELD = "held"  # a person must confirm: too many keys vanished
        REFUSED = "refused"  # the whole file can't be used; nothing was applied

    source = models.ForeignKey(SourceSystem, models.PROTECT, related_name="batches")
    run_id = models.BigIntegerField(null=True)
    state = models.CharField(max_length=10, choices=State, default=State.LANDING)
    mode = models.CharField(max_length=10, default="delta")
    origin = models.CharField(max_length=300)
    content_digest = models.CharField(max_length=64)
    mapping = models.JSONField(default=dict)
    mapping_digest = models.CharField(max_length=64)
    correlation_id = models.UUIDField()
    rows_landed = models.BigIntegerField(default=0)
    rows_read = models.BigIntegerField(default=0)
    rows_new = models.BigIntegerField(default=0)
    rows_changed = models.BigIntegerField(default=0)
    rows_unchanged = models.BigIntegerField(default=0)
    rows_stale = models.BigIntegerField(default=0)
    rows_quarantined = models.BigIntegerField(default=0)
    rows_duplicate = models.BigIntegerField(default=0)
    keys_absent = models.BigIntegerField(default=0)
    held_reason = models.CharField(max_length=500, blank=True)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="landed")
                | Q(
                    rows_read=F("rows_new")
                    + F("rows_changed")
                    + F("rows_unchanged")
                    + F("rows_stale")
                    + F("rows_quarantined")
                    + F("rows_duplicate")
                ),
                name="every_row_read_has_one_outcome",
            ),
            models.UniqueConstraint(
                fields=["source", "origin"], condition=Q(mode="push"), name="one_push_batch_per_source_and_hour"
            ),
        ]
        indexes = [models.Index(fields=["source", "content_digest"], name="batch_by_content")]

    def __str__(self) -> str:
        return f"batch {self.pk}"


class SourceRecord(models.Model):
    """One account as one source gave it. `applied_version` is the version the golden record was built from."""

    class State(models.TextChoices):
        RECEIVED = "received"  # landed, waiting for its first match
        LIVE = "live"  # belongs to one golden record
        DELETED = "deleted"  # gone from its source; belongs to none
        QUARANTINED = "quarantined"  # set aside with a reason; belongs to none

    # No constraint: landing writes the id of the source it holds, a million times over.
    source = models.ForeignKey(
        SourceSystem, models.PROTECT, related_name="records", db_index=False, db_constraint=False
    )
    key = models.CharField(max_length=200)
    state = models.CharField(max_length=12, choices=State, default=State.RECEIVED)
    # What the source says now: the newest version landed and its digest. A deletion lands as a version too.
    latest_number = models.PositiveIntegerField(default=1)
    latest_digest = models.CharField(max_length=32)
    latest_modified_at = models.DateTimeField(null=True)
    is_gone = models.BooleanField(default=False)
    # What the hub has taken into its golden records so far; null until the first match.
    applied_number = models.PositiveIntegerField(null=True)
    last_batch_id = models.BigIntegerField()
    quarantine_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "key"], name="one_source_record_per_source_and_key"),
            models.CheckConstraint(
                condition=Q(state="received", applied_number__isnull=True)
                | Q(state="quarantined")
                | Q(state__in=["live", "deleted"], applied_number__isnull=False),
                name="a_live_source_record_has_an_applied_version",
            ),
            models.CheckConstraint(
                condition=~Q(state="quarantined") | ~Q(quarantine_reason=""), name="a_quarantine_names_its_reason"
            ),
        ]
        indexes = [
            # list_pending_records: what landed and was not yet taken into golden records
            models.Index(
                fields=["id"],
                condition=Q(applied_number__isnull=True) | ~Q(applied_number=F("latest_number")),
                name="records_waiting_for_match",
            )
        ]

    def __str__(self) -> str:
        return self.key


class RecordVersion(models.Model):
    """One state of a source record: the raw row as received and its mapped attributes. Append-only."""

    # No constraint: a version is only ever inserted by a join with its record, and records are never deleted.
    record = models.ForeignKey(
        SourceRecord, models.CASCADE, related_name="versions", db_index=False, db_constraint=False
    )
    number = models.PositiveIntegerField()
    batch_id = models.BigIntegerField()
    line = models.BigIntegerField(null=True)
    raw = models.JSONField()
    given = models.JSONField()
    digest = models.CharField(max_length=32)
    modified_at = models.DateTimeField(null=True)
    is_deletion = models.BooleanField(default=False)
    received_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["record", "number"], name="version_numbers_are_unique_per_record")
        ]

    def __str__(self) -> str:
        return f"version {self.number}"


class Fault(models.Model):
    """A row set aside, with where it stood and why it can't be used."""

    batch = models.ForeignKey(IntakeBatch, models.CASCADE, related_name="faults")
    line = models.BigIntegerField()
    column = models.CharField(max_length=200, blank=True)
    code = models.CharField(max_length=60)
    reason = models.CharField(max_length=500)
    raw = models.TextField(blank=True)
    # A fault that only sets part of a row aside leaves the row usable and doesn't count as quarantined.
    is_whole_row = models.BooleanField(default=True)

    def __str__(self) -> str:
        return f"line {self.line}: {self.code}"


class PullCursor(models.Model):
    """How far a pulled source has been read. It moves only past rows that have landed."""

    source = models.OneToOneField(SourceSystem, models.CASCADE, related_name="cursor")
    position = models.JSONField(default=dict)
    moved_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"cursor of {self.source_id}"


class Upload(models.Model):
    """A file handed over for intake, waiting in the spool for a worker. Its number names the file there."""

    class State(models.TextChoices):
        WAITING = "waiting"  # in the spool; also while a worker that died has left it half loaded
        DONE = "done"  # every row has its outcome
        REFUSED = "refused"  # the whole file can't be used; nothing was applied
        FAILED = "failed"  # tried often enough; the last reason is kept

    source = models.ForeignKey(SourceSystem, models.PROTECT, related_name="uploads")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    name = models.CharField(max_length=100)
    suffix = models.CharField(max_length=10)
    byte_count = models.BigIntegerField()
    content_digest = models.CharField(max_length=64)
    mapping = models.JSONField()
    actor = models.CharField(max_length=200)
    run_id = models.BigIntegerField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    # When to try again what failed or what the hub's state stands against; null: at once.
    due_at = models.DateTimeField(null=True)
    failure_code = models.CharField(max_length=60, blank=True)
    failure = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            # take_waiting_upload: the oldest that waits
            models.Index(fields=["id"], condition=Q(state="waiting"), name="uploads_waiting")
        ]

    def __str__(self) -> str:
        return self.name
