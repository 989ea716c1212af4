"""A command that breaks the engine is put aside, in public: by a command in the journal itself.

QUAR-001  only a command that does break the engine can be put aside: whatever was ever applied
          was answered, and stays.
QUAR-002  only while no engine runs, by the journal's own single writer.
"""

import time
from contextlib import closing

from exchange.engine.commands import CommandKind, make
from exchange.engine.units import OPERATOR
from exchange.pipeline import journal
from exchange.pipeline.crash import crash_point
from exchange.pipeline.high_water import HighWaterFile
from exchange.pipeline.journal import Draft, JournalWriter, Row
from exchange.pipeline.replica import PoisonCommand, Replica, apply_commands
from exchange.pipeline.runner import high_water_path


class QuarantineRefused(Exception):
    """The command stays; the message says why."""


def quarantine(sequence: int) -> Row:
    """Journal that replay skips this command from now on; returns the new row."""
    mark = HighWaterFile.open(high_water_path())
    writer = JournalWriter.try_open(mark)
    if writer is None:
        mark.close()
        raise QuarantineRefused("An engine is running: it has applied all it journaled.")
    with closing(writer):
        if not 0 < sequence <= writer.head.sequence:
            raise QuarantineRefused(f"The journal ends at sequence {writer.head.sequence}.")
        with journal.connect() as connection:
            if sequence in journal.read_quarantined(connection):
                raise QuarantineRefused(f"Command {sequence} is quarantined already.")
        _require_poison(sequence)
        crash_point("quarantine_proven")
        row = writer.append(_draft(writer, sequence))
        crash_point("quarantine_journaled")
        return row


def _draft(writer: JournalWriter, target: int) -> Draft:
    head = writer.head
    command = make(CommandKind.QUARANTINE, OPERATOR, target_sequence=target)
    command["sequence"] = head.sequence + 1
    command["time_ns"] = max(head.time_ns, time.time_ns())
    return Draft(
        head.sequence + 1,
        int(command["time_ns"][0]),
        command.tobytes(),
        b"",
        head.stream_epoch,
        head.stream_id,
    )


def _require_poison(sequence: int) -> None:
    """Replays up to the command, alone in its batch, and sees it break (QUAR-001)."""
    with closing(Replica.open(to_sequence=sequence - 1)) as replica:
        for row in replica.rows(sequence):
            if row.last_sequence < sequence:
                replica.apply(row)
                continue
            commands = replica.commands(row)
            try:
                for index in range(sequence - row.first_sequence + 1):
                    apply_commands(replica.machine, commands[index : index + 1])
            except PoisonCommand as poison:
                if poison.sequence == sequence:
                    return
                raise QuarantineRefused(
                    f"Command {poison.sequence} breaks the engine first; begin with it."
                ) from poison
    raise QuarantineRefused(
        f"Command {sequence} applies cleanly: leaving it out would rewrite what was answered."
    )
