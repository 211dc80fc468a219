from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class BaseConfig(AppConfig):
    name = "apps.base"
    label = "base"

    def ready(self) -> None:
        post_migrate.connect(_grant, sender=self)


def _grant(using: str, **_kwargs: Any) -> None:
    from apps.base.grants import grant_application_role

    grant_application_role(using)
