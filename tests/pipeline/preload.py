"""What every process of the venue imports, once, for all that are forked from here."""

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "exchange.settings"

import django

django.setup()

from exchange import asgi, tasks  # noqa: E402, F401 - to be in memory
from exchange.engine import warmup  # noqa: E402
from exchange.management import base  # noqa: E402, F401
from exchange.management.commands import quarantine, replay, run_engine, run_projector  # noqa: E402, F401

warmup.warm_up()
