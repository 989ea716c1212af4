"""The Celery application: what it proposes, the engine decides again from its own state."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "exchange.settings")

app = Celery("exchange")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["exchange"])
# `expires`: what a late worker finds in the queue is dropped, the next run does its work.
app.conf.beat_schedule = {
    "candles": {
        "task": "exchange.tasks.roll_up_candles",
        "schedule": 5.0,
        "options": {"expires": 5.0},
    },
    "quarters": {
        "task": "exchange.tasks.fold_quarters",
        "schedule": 30.0,
        "options": {"expires": 30.0},
    },
    "variation": {
        "task": "exchange.tasks.settle_variation",
        "schedule": 60.0,
        "options": {"expires": 30.0},
    },
    "funding": {
        "task": "exchange.tasks.settle_funding",
        "schedule": 60.0,
        "options": {"expires": 30.0},
    },
    "margin sweep": {
        "task": "exchange.tasks.margin_sweep",
        "schedule": 15.0,
        "options": {"expires": 15.0},
    },
    "snapshot": {
        "task": "exchange.tasks.save_snapshot",
        "schedule": 300.0,
        "options": {"expires": 300.0},
    },
}
