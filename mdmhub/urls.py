"""Routes: the steward's pages at the root, the machine's door under /api/."""

from django.contrib import admin
from django.urls import include, path

# Loading the Celery app here gives the web process its broker settings for wake-ups.
from mdmhub.celery import app as celery_app

__all__ = ["celery_app", "urlpatterns"]

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/", include("apps.api.urls")),
    path("", include("apps.stewardship.urls")),
]
