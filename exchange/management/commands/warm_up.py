"""Compile every kernel of every process, into the cache that belongs to these sources."""

from typing import Any

from django.core.management.base import BaseCommand

from exchange.pipeline import runner, what_if


class Command(BaseCommand):
    help = "Compile all kernels now, so that nothing compiles while trading."
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own attribute.

    def handle(self, *_args: Any, **_options: Any) -> None:
        what_if.warm_up()  # Before the runner's, which forbids compiling afterwards.
        runner.warm_up()
