import json
import os
import subprocess
import sys

from native.driving import embedded

FRESH_PROCESS = """
import json, sys
import django
django.setup()
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.core.checks import run_checks
from unfold.admin import ModelAdmin

before = "fraud.admin" in sys.modules
admin.site.register(ContentType, type("Wrong", (ModelAdmin,), {"list_display": ["nonsense"]}))
found = [problem.id for problem in run_checks(tags=["admin"])]
print(json.dumps([before, "fraud.admin" in sys.modules, found]))
"""


def test_pages_are_loaded_no_sooner_than_they_are_checked_or_shown() -> None:
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONPATH": "platform"}
    done = subprocess.run(
        [sys.executable, "-c", FRESH_PROCESS], cwd=embedded.ROOT, env=environment, check=True, stdout=subprocess.PIPE
    )
    assert json.loads(done.stdout) == [False, True, ["admin.E108"]]
