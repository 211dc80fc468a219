"""Tests: real PostgreSQL and Redis, fast password hashing, no manifest for static files."""

import dj_database_url

from .base import *  # noqa: F403 - a settings layer is its base plus its differences
from .base import DATABASE_OPTIONS, DATABASE_OWNER_URL, DATABASES, MDM, STORAGES

# The owner creates the test database and runs the tests; tests of the application role switch to it themselves.
DATABASES["default"] = {
    **dj_database_url.parse(DATABASE_OWNER_URL),
    "OPTIONS": DATABASE_OPTIONS,
    "TEST": {"NAME": "test_hub"},
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
# Static files are served from where they lie: no test collects them.
WHITENOISE_AUTOREFRESH = True
MDM["LOAD_WORKERS"] = 1
MDM["DECISION_HOLD_SECONDS"] = 0
# By case number, so that which test would meet one hung on those before it.
MDM["BLIND_PERCENT"] = 0
