"""Subscribers, what is due to them, and the ledger of ids written back. Due times and leases live here alone."""

from django.db import models
from django.db.models import Q

from apps.base.history import tracked


class Subscriber(models.Model):
    """Somebody entitled to events: a webhook or a file feed."""

    class Transport(models.TextChoices):
        WEBHOOK = "webhook"
        FILE = "file"

    code = models.SlugField(max_length=40, unique=True)
    transport = models.CharField(max_length=10, choices=Transport)
    # A URL for a webhook, a file name for a feed.
    target = models.CharField(max_length=500)
    secret = models.CharField(max_length=200, blank=True)
    # Event types it wants; empty means all.
    types = models.JSONField(default=list)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    history = tracked()

    def __str__(self) -> str:
        return self.code


class SubscriberPause(models.Model):
    """A breaker: after failures in a row a subscriber is left alone until `until`, then tried with one delivery."""

    subscriber = models.OneToOneField(Subscriber, models.CASCADE, primary_key=True, related_name="pause")
    failures = models.PositiveIntegerField(default=0)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"pause of {self.subscriber_id}"


class Delivery(models.Model):
    """One event due to one subscriber. The head of each (subscriber, subject) stream goes first and alone."""

    class State(models.TextChoices):
        WAITING = "waiting"  # due at `next_attempt_at`, once its elders are done
        IN_FLIGHT = "in_flight"  # leased to one worker until `lease_until`
        DELIVERED = "delivered"  # acknowledged by the subscriber
        DEAD = "dead"  # gave up after the last attempt; replayable
        CANCELLED = "cancelled"  # skipped on purpose, with who in `note`

    subscriber = models.ForeignKey(Subscriber, models.PROTECT, related_name="deliveries", db_index=False)
    # No constraint: old events are pruned without asking their deliveries.
    event = models.ForeignKey("outbox.Event", models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False)
    subject = models.CharField(max_length=40)
    sequence = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    note = models.CharField(max_length=300, blank=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subscriber", "event"], name="one_delivery_per_subscriber_and_event"),
            models.UniqueConstraint(
                fields=["subscriber", "subject"],
                condition=Q(state="in_flight"),
                name="one_delivery_in_flight_per_stream",
            ),
        ]
        indexes = [
            # claim_deliveries: what is due to one subscriber, oldest first; another's backlog is never read
            models.Index(
                fields=["subscriber", "next_attempt_at", "id"], condition=Q(state="waiting"), name="delivery_due"
            ),
            # claim_deliveries: is an elder of this stream unfinished?
            models.Index(
                fields=["subscriber", "subject", "sequence"],
                condition=Q(state__in=["waiting", "in_flight", "dead"]),
                name="delivery_open_by_stream",
            ),
            # release_lapsed_deliveries
            models.Index(fields=["lease_until"], condition=Q(state="in_flight"), name="delivery_lease"),
        ]

    def __str__(self) -> str:
        return f"delivery {self.pk}"


class DeliveryAttempt(models.Model):
    """One try of one delivery and how it ended. No foreign key: attempts outlive pruned deliveries."""

    delivery_id = models.BigIntegerField(db_index=True)
    number = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    seconds = models.FloatField()
    outcome = models.CharField(max_length=40)
    status = models.PositiveSmallIntegerField(null=True)
    detail = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return f"attempt {self.number}"


class LedgerEntry(models.Model):
    """The governed id one source record should carry, what was sent, acknowledged and found there since."""

    class State(models.TextChoices):
        PENDING = "pending"  # the desired id is not yet sent
        IN_FLIGHT = "in_flight"  # leased to one worker
        ACKNOWLEDGED = "acknowledged"  # the system answered, or was read back, with the desired id
        DRIFTED = "drifted"  # the system carries another id than the one acknowledged
        DEAD = "dead"  # gave up after the last attempt; replayable
        WITHDRAWN = "withdrawn"  # the source record is gone; nothing is owed

    # The source record's id. No foreign key: the ledger also remembers records that are gone.
    record_id = models.BigIntegerField(primary_key=True)
    source_code = models.CharField(max_length=40)
    source_key = models.CharField(max_length=200)
    desired = models.CharField(max_length=17)
    sent = models.CharField(max_length=17, blank=True)
    acknowledged = models.CharField(max_length=17, blank=True)
    found = models.CharField(max_length=40, blank=True)
    state = models.CharField(max_length=12, choices=State, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    note = models.CharField(max_length=300, blank=True)
    correlation_id = models.UUIDField()
    changed_at = models.DateTimeField()

    class Meta:
        indexes = [
            # claim_write_backs: what is owed to one source, oldest first
            models.Index(
                fields=["source_code", "next_attempt_at"],
                condition=Q(state__in=["pending", "drifted"]),
                name="ledger_due_by_source",
            ),
            models.Index(fields=["lease_until"], condition=Q(state="in_flight"), name="ledger_lease"),
            # note_found: our own id read back from a source
            models.Index(fields=["source_code", "source_key"], name="ledger_by_source_key"),
        ]

    def __str__(self) -> str:
        return f"{self.source_code}:{self.source_key}"
