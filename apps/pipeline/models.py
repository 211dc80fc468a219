"""Runs of the pipeline: what, how many, under which rules, and how far."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.base.history import tracked


class Run(models.Model):
    """One load, sync or re-match. It can be interrupted anywhere and resumed."""

    class State(models.TextChoices):
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"  # stopped with a reason; resumable

    kind = models.CharField(max_length=20)
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    arguments = models.JSONField(default=dict)
    actor = models.CharField(max_length=200)
    correlation_id = models.UUIDField()
    rules_version = models.PositiveIntegerField(null=True)
    counts = models.JSONField(default=dict)
    failure = models.CharField(max_length=500, blank=True)
    started_at = models.DateTimeField(auto_now_add=True)
    heartbeat_at = models.DateTimeField(auto_now=True)
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"run {self.pk}"


class RunStage(models.Model):
    """One stage of a run with its counts and seconds."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="stages")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=40)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(null=True)
    counts = models.JSONField(default=dict)
    seconds = models.FloatField(default=0)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "name"], name="a_run_has_each_stage_once")]

    def __str__(self) -> str:
        return self.name


class ScheduleSlot(models.Model):
    """One slot of a periodic job. The unique pair is what lets a job run once per slot, however many propose it."""

    job = models.CharField(max_length=60)
    slot = models.DateTimeField()
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "slot"], name="a_job_runs_once_per_slot")]

    def __str__(self) -> str:
        return f"{self.job} {self.slot:%F %T}"


class RedoItem(models.Model):
    """A record to be matched again: too much to do while somebody waited, or a match key became too common or rare."""

    # No foreign key: the queue is written in every live transaction, and records are never deleted.
    record_id = models.BigIntegerField(primary_key=True)
    reason = models.CharField(max_length=200)
    queued_at = models.DateTimeField()

    class Meta:
        # take_redo: the oldest first
        indexes = [models.Index(fields=["queued_at", "record_id"], name="redo_by_age")]

    def __str__(self) -> str:
        return f"redo of {self.record_id}"


class LiveTouch(models.Model):
    """A record taken in live while a bulk run was going on, with its match keys: what the run can't have compared."""

    record_id = models.BigIntegerField()
    match_keys = ArrayField(models.BigIntegerField())

    def __str__(self) -> str:
        return f"touch of {self.record_id}"


class Proposal(models.Model):
    """A decision that somebody asks a second person to approve, with what it would do. Nothing of it is done before."""

    class State(models.TextChoices):
        OPEN = "open"
        APPROVED = "approved"
        REFUSED = "refused"
        WITHDRAWN = "withdrawn"

    act = models.CharField(max_length=12)
    # What the deciding service is called with, and the version of each customer that was seen, by governed id.
    arguments = models.JSONField()
    versions = models.JSONField(default=dict)
    # Of the act and its arguments: the same isn't proposed twice at a time.
    fingerprint = models.CharField(max_length=64)
    title = models.CharField(max_length=300)
    weights = models.JSONField(default=list)
    change = models.JSONField()
    # Counts how often it was looked at anew; who approves names the one they saw.
    revision = models.PositiveIntegerField(default=1)
    reason = models.CharField(max_length=500)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    proposed_by = models.CharField(max_length=200)
    proposed_at = models.DateTimeField()
    decided_by = models.CharField(max_length=200, blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_why = models.CharField(max_length=500, blank=True)
    verdict_id = models.BigIntegerField(null=True)
    history = tracked()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["fingerprint"], condition=models.Q(state="open"), name="one_open_proposal_of_an_act"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["open", "withdrawn"])
                | (~models.Q(decided_by="") & ~models.Q(decided_by=models.F("proposed_by"))),
                name="nobody_decides_their_own_proposal",
            ),
        ]
        indexes = [
            # list_proposals: those that wait, oldest first
            models.Index(fields=["id"], condition=models.Q(state="open"), name="open_proposals"),
            # list_proposals: those decided last
            models.Index(fields=["-decided_at"], condition=~models.Q(state="open"), name="decided_proposals"),
        ]

    def __str__(self) -> str:
        return f"proposal {self.pk}"
