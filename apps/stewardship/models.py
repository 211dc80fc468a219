"""What one person prefers on the pages. Nothing here decides anything about customers."""

from django.conf import settings
from django.db import models

from apps.base.history import tracked


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


class SavedView(models.Model):
    """A way to narrow and order the queue that somebody gave a name; shared, everybody sees it."""

    owner = models.CharField(max_length=200)
    name = models.CharField(max_length=60)
    # The query of the queue's address, without its question mark.
    words = models.CharField(max_length=300)
    is_shared = models.BooleanField(default=False)
    history = tracked()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["owner", "words"], name="one_view_of_a_person_for_each_filter"),
            models.CheckConstraint(condition=~models.Q(name=""), name="a_view_has_a_name"),
        )

    def __str__(self) -> str:
        return f"view {self.pk}"
