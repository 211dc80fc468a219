"""The machine's door: version 1, and a problem document for every address that is no route."""

from django.urls import include, path, re_path

from apps.api.errors import unknown_route

app_name = "api"

urlpatterns = [
    path("v1/", include("apps.api.v1.urls")),
    re_path(r"", unknown_route),
]
