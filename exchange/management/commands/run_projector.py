from typing import Any

from exchange.management.base import NovateCommand
from exchange.pipeline.projections import follow
from exchange.pipeline.servers import redis_url


class Command(NovateCommand):
    help = "Follows the journal and keeps the tables that pages read."

    def handle(self, *_args: Any, **_options: Any) -> None:
        self.progress("The projector follows the journal.")
        follow(redis_url(), lambda: False)
