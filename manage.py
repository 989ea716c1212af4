#!/usr/bin/env python
"""Runs one command of the venue: `manage.py up` starts all of it."""

import os
import sys
from contextlib import nullcontext

# Django's own commands that talk to the database. Ours take their lease in NovateCommand.
DATABASE_COMMANDS = {
    "changepassword",
    "createsuperuser",
    "dbshell",
    "dumpdata",
    "flush",
    "inspectdb",
    "loaddata",
    "makemigrations",
    "migrate",
    "shell",
    "showmigrations",
    "sqlmigrate",
}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "exchange.settings")

    from django.core.management import execute_from_command_line

    from exchange.pipeline.servers import ensure_servers

    needs_servers = len(sys.argv) > 1 and sys.argv[1] in DATABASE_COMMANDS
    with ensure_servers() if needs_servers else nullcontext():
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
