"""The WSGI entry point that gunicorn serves."""

import atexit
import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mdmhub.settings.dev")
application = get_wsgi_application()

# Each of the server's processes gets here before it answers anybody: the first ones to ask would wait seconds.
from apps.pipeline.warming import warm_up  # noqa: E402 - needs what the application has set up

get_resolver().url_patterns  # noqa: B018 - reading them imports the views
warm_up()
# What stands now stays until the process ends: the collector needn't look at it again and again.
gc.collect()
gc.freeze()
atexit.register(gc.unfreeze)
gc.set_threshold(20_000, 20, 50)
