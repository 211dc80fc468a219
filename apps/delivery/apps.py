import logging

from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    name = "apps.delivery"
    label = "delivery"

    def ready(self) -> None:
        # The HTTP client logs every address it calls, and a subscriber's may carry a token.
        logging.getLogger("httpx2").setLevel(logging.WARNING)
