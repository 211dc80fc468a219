"""Tokens of the machine's door. Only a digest is kept."""

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
