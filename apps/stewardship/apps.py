from django.apps import AppConfig


class StewardshipConfig(AppConfig):
    name = "apps.stewardship"
    label = "stewardship"
