"""What one person prefers on the pages. Nothing here decides anything about customers."""

from django.conf import settings
from django.db import models


class Preference(models.Model):
    """A person's keys: whether single keys act at all, and which one gives which verdict."""

    person = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True)
    keys_on = models.BooleanField(default=True)
    same_key = models.CharField(max_length=1, default="m")
    different_key = models.CharField(max_length=1, default="n")
    related_key = models.CharField(max_length=1, default="r")
    not_sure_key = models.CharField(max_length=1, default="u")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(same_key=models.F("different_key"))
                & ~models.Q(same_key=models.F("related_key"))
                & ~models.Q(same_key=models.F("not_sure_key"))
                & ~models.Q(different_key=models.F("related_key"))
                & ~models.Q(different_key=models.F("not_sure_key"))
                & ~models.Q(related_key=models.F("not_sure_key")),
                name="each_verdict_has_a_key_of_its_own",
            ),
        )

    def __str__(self) -> str:
        return f"preferences of {self.person_id}"
