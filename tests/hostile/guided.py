"""Coverage-guided bytes for what reads strangers' bytes first: decoder and signature parser.

With `.[fuzz]` installed: `python -m tests.hostile.guided --seconds 60`.
Atheris (libFuzzer) follows the branches that its inputs reach and looks for new ones. What it
finds ends it with the input; anything but a clean refusal is a finding. Without the wheel the
same functions meet Hypothesis' bytes in test_fuzz.
"""

import argparse
import os
import sys
from contextlib import suppress

import atheris
import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "exchange.settings")
django.setup()

with atheris.instrument_imports(include=["exchange.gateway.decoder", "exchange.gateway.auth"]):
    from exchange.gateway import auth, decoder

from exchange.gateway.errors import RpcError  # noqa: E402 - Django has to be set up
from tests.hostile.nasties import NASTIES  # noqa: E402


def one_input(raw: bytes) -> None:
    """Everything that reads bytes of somebody who is not known yet."""
    with suppress(decoder.Malformed, RecursionError):
        decoder.parse_json(raw)
    with suppress(decoder.Malformed):
        decoder.parse_query(raw)
    text = raw.decode("latin-1")
    with suppress(decoder.Malformed):
        decoder.parse_decimal(text)
    with suppress(RpcError):
        auth.parse_signature(text)
    with suppress(RpcError):
        auth.parse_signature("deri-hmac-sha256 " + text)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.hostile.guided")
    parser.add_argument("--seconds", type=int, default=60)
    chosen = parser.parse_args()
    for nasty in NASTIES:
        one_input(nasty.raw.encode("utf-8", "surrogatepass"))
    limits = [f"-max_total_time={chosen.seconds}", "-max_len=2048", "-timeout=5"]
    atheris.Setup([sys.argv[0], *limits], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
