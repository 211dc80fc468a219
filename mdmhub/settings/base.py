"""Settings shared by every way of running the hub. Importing them starts nothing and needs no database."""

from pathlib import Path
from typing import Any

import dj_database_url

from mdmhub import embedded, env

BASE_DIR = Path(__file__).resolve().parent.parent.parent
HOME = Path(env.text("MDMHUB_HOME", str(BASE_DIR / "var")))

DATABASE_URL = env.secret("DATABASE_URL", "") or embedded.database_url()
DATABASE_OWNER_URL = env.secret("DATABASE_OWNER_URL", "") or (
    DATABASE_URL if env.secret("DATABASE_URL", "") else embedded.database_owner_url()
)
REDIS_URL = env.secret("REDIS_URL", "") or embedded.redis_url()

SECRET_KEY = env.secret("SECRET_KEY", "") or embedded.secret_key()
DEBUG = env.flag("DEBUG", False)
ALLOWED_HOSTS = env.listed("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
WEB_PORT = env.number("WEB_PORT", 8600, 1, 65535)
WEB_WORKERS = env.number("WEB_WORKERS", 2, 1, 64)
LOG_LEVEL = env.text("LOG_LEVEL", "INFO")
STANDIN_CRM_URL = env.text("STANDIN_CRM_URL", "")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "csp",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "simple_history",
    "apps.base",
    "apps.outbox",
    "apps.rulebook",
    "apps.cases",
    "apps.sources",
    "apps.matching",
    "apps.golden",
    "apps.legal",
    "apps.delivery",
    "apps.pipeline",
    "apps.quality",
    "apps.stewardship",
    "apps.api",
]

MIDDLEWARE = [
    "apps.base.timing.ServerTimingMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.base.middleware.ActorMiddleware",
]

ROOT_URLCONF = "mdmhub.urls"
WSGI_APPLICATION = "mdmhub.wsgi.application"
ASGI_APPLICATION = "mdmhub.asgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# Parameters travel apart from the statement, and one that a connection runs again is planned once (prepared). A pooler
# that hands a connection to another client after each transaction must know prepared statements, or they go off with 0.
DATABASE_PREPARE_AFTER = env.number("DATABASE_PREPARE_AFTER", 3, 0, 1_000)
DATABASE_OPTIONS: dict[str, Any] = {
    "server_side_binding": True,
    "prepare_threshold": DATABASE_PREPARE_AFTER or None,
}
# `default` is the application's role, which can't touch history. Its connections are kept for minutes: the first
# statements of each cost ten times those after them. `owner` migrates and is used for nothing else.
DATABASES: dict[str, Any] = {
    "default": {
        **dj_database_url.parse(DATABASE_URL, conn_max_age=600, conn_health_checks=True),
        "OPTIONS": DATABASE_OPTIONS,
    },
    "owner": {
        **dj_database_url.parse(DATABASE_OWNER_URL),
        # One database, two roles: tests create it once and both aliases see it.
        "TEST": {"MIRROR": "default"},
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "stewardship:login"
LOGIN_REDIRECT_URL = "stewardship:home"
LOGOUT_REDIRECT_URL = "stewardship:login"

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
STATIC_URL = "static/"
STATIC_ROOT = HOME / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# History is written by statement triggers, so that bulk writes and raw SQL are covered too; the package's own
# signals would write a second row for each save.
SIMPLE_HISTORY_ENABLED = False
# A steward's reason may be longer than the package's hundred characters.
SIMPLE_HISTORY_HISTORY_CHANGE_REASON_USE_TEXT_FIELD = True
# History is asked by row; the numbers of its entries are in order of time already.
SIMPLE_HISTORY_DATE_INDEX = False

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["apps.api.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["apps.api.permissions.RoleRequired"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "apps.api.errors.problem_response",
    "DEFAULT_VERSIONING_CLASS": None,
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "mdmhub",
    "DESCRIPTION": "Identity look-ups over governed customer records.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
}

CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = "same-origin"

# Celery: a message is a wake-up that may vanish, repeat or arrive late. Due times, attempts and leases live in
# PostgreSQL. Prefetch 1 and late acknowledgement are the settings under which a Redis restart lost nothing.
CELERY: dict[str, Any] = {
    "broker_url": REDIS_URL,
    "broker_connection_retry_on_startup": True,
    "broker_transport_options": {
        "visibility_timeout": 900,
        "socket_timeout": 15,
        "socket_connect_timeout": 0.5,
        "health_check_interval": 25,
    },
    "task_ignore_result": True,
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "worker_prefetch_multiplier": 1,
    "task_publish_retry": False,
    "worker_hijack_root_logger": False,
    "beat_schedule_filename": str(HOME / "beat-schedule"),
    "timezone": "UTC",
}

# Every tunable of the hub, in one place.
MDM: dict[str, Any] = {
    "HOME": HOME,
    "WATCH_FOLDER": HOME / "inbox",
    "FEED_FOLDER": HOME / "feeds",
    # Files handed over wait here; web and workers on several machines must share it.
    "SPOOL_FOLDER": HOME / "spool",
    "UPLOAD_BYTES": 1 << 30,
    "CHUNK_RECORDS": 5_000,
    "LOAD_WORKERS": 2,
    "DELIVERY_ATTEMPTS": 10,
    "DELIVERY_SPAN_SECONDS": 75 * 3600,
    "DELIVERY_TIMEOUT_SECONDS": 15,
    "DELIVERY_LEASE_SECONDS": 60,
    # How long what a person decided waits before it leaves the hub: taken back by then, nobody hears of it.
    "DECISION_HOLD_SECONDS": 60,
    "SNAPSHOT_DROP_SHARE": 0.20,
    # What publishing a rule set version may do to customers on one person's word, and how old its dry run may be.
    "RULES_CHANGE_SHARE": env.number("RULES_CHANGE_PERCENT", 1, 0, 100) / 100,
    "RULES_STALE_SHARE": env.number("RULES_STALE_PERCENT", 1, 0, 100) / 100,
    # Somebody who looks at a case holds it for as long after the last sign of life.
    "CLAIM_SECONDS": 300,
    # The share of cases that two people judge without seeing score, evidence or each other's verdict.
    "BLIND_PERCENT": env.number("BLIND_PERCENT", 5, 0, 100),
    # How many source records one steward may merge or split; above it a second person approves.
    "SECOND_PERSON_RECORDS": int(env.number("SECOND_PERSON_RECORDS", 20, 1, 1_000_000)),
    # Where governed ids are written back, by source code; a source named nowhere gets a file under HOME/write_back.
    "WRITE_BACK": {"crm": {"transport": "standin_crm", "url": STANDIN_CRM_URL}} if STANDIN_CRM_URL else {},
    # Which sources are pulled on schedule, by source code.
    "PULL": {"crm": {"url": STANDIN_CRM_URL, "mapping": str(BASE_DIR / "samples" / "us_listed" / "crm.toml")}}
    if STANDIN_CRM_URL
    else {},
}

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "mdmhub.logs.JsonFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
}
