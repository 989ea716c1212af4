"""A process of the test venue that runs the commands of manage.py, loaded once for all of them.

Run as `python -m tests.gateway.clerk`: a line of JSON with a command's arguments in, a line of
JSON out with what it printed and its exit code.
"""

import contextlib
import io
import json
import sys

import manage


def main() -> None:
    for line in sys.stdin:
        json.dump(run(json.loads(line)), sys.stdout)
        print(flush=True)


def run(arguments: list[str]) -> dict[str, object]:
    """What `manage.py arguments…` prints, on both channels, and its exit code."""
    output, errors, code = io.StringIO(), io.StringIO(), 0
    sys.argv = ["manage.py", *arguments]
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        try:
            manage.main()
        except SystemExit as end:
            code = int(end.code or 0)
    return {"output": output.getvalue(), "errors": errors.getvalue(), "code": code}


if __name__ == "__main__":
    main()
