"""The WSGI entry point that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mdmhub.settings.dev")
application = get_wsgi_application()

# Each of the server's processes gets here before it answers anybody: the first ones to ask would wait seconds.
from apps.pipeline.warming import warm_up  # noqa: E402 - needs what the application has set up

get_resolver().url_patterns  # noqa: B018 - reading them imports the views
warm_up()
