from django.apps import AppConfig


class RulebookConfig(AppConfig):
    name = "apps.rulebook"
    label = "rulebook"
