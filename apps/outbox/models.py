"""A mailbox that any app may post to, in the transaction of the change it announces."""

from django.db import models
from django.db.models import Q


class Event(models.Model):
    """A fact that happened to one subject. Sequence numbers per subject have no gaps and follow commit order."""

    event_id = models.UUIDField(unique=True)
    type = models.CharField(max_length=60)
    subject = models.CharField(max_length=40)
    sequence = models.PositiveIntegerField()
    data = models.JSONField()
    correlation_id = models.UUIDField()
    # Events of one merge or split share this, whatever their subjects.
    transaction_id = models.UUIDField()
    # The decision that made it or whose undoing did; no constraint, decisions outlive no event.
    decision_id = models.BigIntegerField(null=True)
    actor = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject", "sequence"], name="one_event_per_subject_and_sequence")
        ]
        indexes = [
            # drop_undone: the events of one decision
            models.Index(fields=["decision_id"], condition=Q(decision_id__isnull=False), name="event_by_decision")
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.subject} #{self.sequence}"
