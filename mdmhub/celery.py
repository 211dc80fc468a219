"""The Celery app. Tasks live in the apps' `tasks.py`; the schedule in `mdmhub.schedule`."""

import os

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mdmhub.settings.dev")
# One database connection serves many tasks instead of one each.
os.environ.setdefault("CELERY_DB_REUSE_MAX", "50")

from mdmhub.schedule import SCHEDULE

app = Celery("mdmhub")
app.conf.update(settings.CELERY, beat_schedule=SCHEDULE)
app.autodiscover_tasks()
