"""Answers tell people who logged in how long the server took, and nobody else."""

import re

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

pytestmark = pytest.mark.django_db


def test_a_page_tells_its_time_and_its_number_of_queries(client: Client) -> None:
    reader = User.objects.create_user("vera")
    reader.groups.add(Group.objects.get_or_create(name="viewer")[0])
    client.force_login(reader)
    with CaptureQueriesContext(connection) as queries:
        told = client.get("/review/")["Server-Timing"]
    found = re.fullmatch(r'total;dur=([\d.]+), db;dur=([\d.]+);desc="(\d+) queries"', told)
    assert found is not None
    assert int(found[3]) == len(queries) > 0
    assert float(found[1]) >= float(found[2]) > 0


def test_nobody_else_learns_how_long_an_answer_took(client: Client) -> None:
    assert "Server-Timing" not in client.get("/review/")
    assert "Server-Timing" not in client.get("/log-in/")
