"""Which rules were in force, and when. A published version never changes."""

from django.db import models
from django.db.models import Q


class RuleSetVersion(models.Model):
    """A published rule set with the statistics frozen into it."""

    class State(models.TextChoices):
        DRAFT = "draft"  # being prepared; nothing is matched by it
        PUBLISHED = "published"  # immutable; can be activated
        ACTIVE = "active"  # the one version in force
        RETIRED = "retired"  # was active; can be brought back

    number = models.PositiveIntegerField(unique=True)
    state = models.CharField(max_length=10, choices=State, default=State.PUBLISHED)
    document = models.JSONField()
    digest = models.CharField(max_length=64)
    standardiser_digest = models.CharField(max_length=64)
    statistics = models.BinaryField(default=b"")
    record_count = models.BigIntegerField(default=0)
    note = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=Q(state="active"), name="one_rule_set_version_is_active"
            )
        ]

    def __str__(self) -> str:
        return f"rule set version {self.number}"
