"""Tokens of the machine's door, of which only a digest is kept, and answers kept for requests that are repeated."""

from django.db import models

from apps.base.history import tracked


class ApiToken(models.Model):
    """A token that an integration presents, with the role it acts in."""

    class Role(models.TextChoices):
        VIEWER = "viewer"  # look-ups
        INTEGRATION = "integration"  # look-ups and intake
        STEWARD = "steward"  # decisions on behalf of a steward's tool
        ADMINISTRATOR = "administrator"  # everything

    name = models.CharField(max_length=100, unique=True)
    role = models.CharField(max_length=16, choices=Role)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True)
    history = tracked()

    def __str__(self) -> str:
        return self.name


class KeptAnswer(models.Model):
    """The answer to a request that named an idempotency key, so that the same request again changes nothing more."""

    token = models.ForeignKey(ApiToken, models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=255)
    # What was asked: method, address and body. The same key with something else is a mistake of the sender.
    request_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    content = models.TextField()
    headers = models.JSONField(default=dict)
    kept_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token", "key"], name="one_answer_per_token_and_key")]
        indexes = [
            # forget_answers: what is older than 72 hours
            models.Index(fields=["kept_at"], name="answers_by_age")
        ]

    def __str__(self) -> str:
        return self.key
