"""Which rules were in force, and when. A version never changes once a dry run has frozen its statistics."""

from django.db import models
from django.db.models import Q

from apps.base.history import tracked


class RuleSetVersion(models.Model):
    """A rule set with the statistics frozen into it."""

    class State(models.TextChoices):
        DRAFT = "draft"  # saved; its statistics are not frozen yet
        TRIED = "tried"  # immutable: a dry run froze its statistics; can be published
        ACTIVE = "active"  # the one version in force
        RETIRED = "retired"  # was active; can be brought back

    number = models.PositiveIntegerField(unique=True)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    document = models.JSONField()
    digest = models.CharField(max_length=64)
    standardiser_digest = models.CharField(max_length=64)
    statistics = models.BinaryField(default=b"")
    record_count = models.BigIntegerField(default=0)
    note = models.CharField(max_length=500, blank=True)
    author = models.CharField(max_length=200, blank=True)
    # Of the version in force: no record is left that another version matched last.
    is_settled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=Q(state="active"), name="one_rule_set_version_is_active"
            )
        ]

    def __str__(self) -> str:
        return f"rule set version {self.number}"


class DryRun(models.Model):
    """What publishing a version would change, found without changing it, and how far the hub had come then."""

    class State(models.TextChoices):
        WAITING = "waiting"  # for a worker, or with one
        DONE = "done"
        FAILED = "failed"

    version = models.ForeignKey(RuleSetVersion, models.CASCADE, related_name="dry_runs")
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    # How far records, verdicts and pins had come, and which version was in force.
    marks = models.JSONField(default=dict)
    digest = models.CharField(max_length=64, blank=True)
    report = models.JSONField(default=dict)
    run_id = models.BigIntegerField(null=True)
    failure = models.CharField(max_length=500, blank=True)
    asked_by = models.CharField(max_length=200)
    asked_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    history = tracked("version")

    def __str__(self) -> str:
        return f"dry run {self.pk}"


class Approval(models.Model):
    """A person's word that what a dry run found may happen."""

    dry_run = models.ForeignKey(DryRun, models.CASCADE, related_name="approvals")
    approved_by = models.CharField(max_length=200)
    reason = models.CharField(max_length=500)
    approved_at = models.DateTimeField(auto_now_add=True)
    history = tracked("dry_run")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dry_run", "approved_by"], name="a_person_approves_a_dry_run_once")
        ]

    def __str__(self) -> str:
        return f"approval of dry run {self.dry_run_id}"


class Publication(models.Model):
    """One time that a version came into force, and the re-match that followed."""

    version = models.ForeignKey(RuleSetVersion, models.PROTECT, related_name="publications")
    # None for the first version of an empty hub.
    dry_run = models.ForeignKey(DryRun, models.PROTECT, null=True, related_name="publications")
    published_by = models.CharField(max_length=200)
    reason = models.CharField(max_length=500)
    published_at = models.DateTimeField(auto_now_add=True)
    run_id = models.BigIntegerField(null=True)
    failures = models.PositiveSmallIntegerField(default=0)
    failure = models.CharField(max_length=500, blank=True)
    finished_at = models.DateTimeField(null=True)
    history = tracked("version", "dry_run")

    class Meta:
        # find_unfinished: looked for every other second
        indexes = [models.Index(fields=["id"], condition=Q(finished_at__isnull=True), name="unfinished_publications")]

    def __str__(self) -> str:
        return f"publication {self.pk} of version {self.version_id}"
