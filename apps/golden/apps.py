from django.apps import AppConfig


class GoldenConfig(AppConfig):
    name = "apps.golden"
    label = "golden"
