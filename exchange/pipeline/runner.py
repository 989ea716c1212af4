"""The single writer: bus → journal → state machine → results. One process, one loop.

While one batch is being committed (in a thread that waits for the disk), the batch before it
is applied and its results leave: both happen at once, and nothing leaves before its own
commit.

RUN-001  a batch is applied only after it is committed, and answered only after it is applied
         (I-40).
RUN-002  restart = newest good snapshot + replay of the tail; the state is then the journal's
         alone.
RUN-003  whatever breaks after journaling stops the engine: it never guesses and never skips.
RUN-004  a batch that changes a reporter's key is applied before the next one is numbered.
RUN-005  what arrives within BATCH_WINDOW_SECONDS of the batch before waits for the end of that
         time: a commit, a broadcast and all who follow it cost the same for one command as for
         many.
"""

import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Self

import numpy as np

from exchange.engine import snapshot, warmup
from exchange.engine.events import EVENT
from exchange.engine.state import Counter
from exchange.pipeline import codec, garbage, market_data, views
from exchange.pipeline.clock import EngineClock
from exchange.pipeline.codec import Batch
from exchange.pipeline.crash import crash_midway, crash_point
from exchange.pipeline.high_water import HighWaterFile
from exchange.pipeline.inbox import Inbox, Message
from exchange.pipeline.journal import BelowHighWater, Draft, JournalWriter, Lost
from exchange.pipeline.losses import describe
from exchange.pipeline.outbox import Outbox
from exchange.pipeline.replica import Replica, apply_commands, snapshot_directory
from exchange.pipeline.resp import CONNECTION_ERRORS, Command
from exchange.pipeline.sequencer import Numbered, Sequencer
from exchange.pipeline.servers import novate_home
from exchange.pipeline.vitals import Vitals

logger = logging.getLogger(__name__)

BATCH_COMMANDS_MAX = 4_096
BATCH_WINDOW_SECONDS = 0.0025
STANDBY_SECONDS = 0.25
RECONNECT_SECONDS = 0.1
EPOCH_CHECK_NS = 1_000_000_000
SWITCH_SECONDS = 0.0002  # or a commit waits 5 ms for the interpreter lock
STATE_HASH_SECONDS = 600.0
NO_EVENTS = np.zeros(0, EVENT)

Progress = Callable[[str], None]


def high_water_path() -> Path:
    """NOVATE_HIGH_WATER, on a second medium; else beside the venue's other files."""
    return Path(os.environ.get("NOVATE_HIGH_WATER") or novate_home() / "high_water")


def warm_up() -> None:
    """Compile or load every kernel of this process, then forbid compiling.

    A compiler would stall trading for seconds; a kernel that meets arguments of a new type
    afterwards fails loudly.
    """
    machine = warmup.warm_up()
    views.warm_up(machine.state)
    market_data.warm_up(machine.state)
    warmup.seal()


class Runner:
    """The engine process. Make it with `open`, then `run`."""

    def __init__(self, replica: Replica, writer: JournalWriter, url: str) -> None:
        assert replica.head == writer.head, (replica.head, writer.head)
        self._replica = replica
        self._machine = replica.machine
        self._state = replica.machine.state
        self._writer = writer
        self._inbox = Inbox(url, writer.head.stream_epoch, writer.head.stream_id)
        self._vitals = Vitals()
        self._outbox = Outbox(url, self._state, self._vitals)
        self._clock = EngineClock(writer.head.time_ns, time.time_ns(), time.monotonic_ns())
        self._sequencer = Sequencer(self._state, self._clock)
        self._committed: Numbered | None = None
        self._committed_at = 0.0
        self._oldest_id = ""
        self._taken_at = 0.0
        self._batch_number = 0
        self._stream_id = writer.head.stream_id
        self._epoch_checked_ns = 0
        self._state_hash_at = 0.0
        self._is_bus_away = False
        self._is_stopping = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")

    @classmethod
    def open(
        cls,
        url: str,
        *,
        progress: Progress = logger.info,
        accept_loss_after: int | None = None,
    ) -> Self:
        """Recover, then wait for the writer's lock, following the journal meanwhile.

        Raises BelowHighWater, JournalCorrupt, EngineVersionNeeded and PoisonCommand.
        """
        replica = Replica.open()
        try:
            started = time.monotonic()
            count = replica.catch_up()
            progress(
                f"Replayed {count:,} commands in {time.monotonic() - started:.1f} s: "
                f"sequence {replica.sequence:,}."
            )
            try:
                writer = _wait_for_lock(replica, progress, accept_loss_after)
            except BelowHighWater as refusal:
                _tell_loss(refusal.lost, replica, url, progress)
                raise
            _tell_loss(writer.lost, replica, url, progress)
            crash_point("after_lock")
            replica.catch_up()
        except BaseException:
            replica.close()
            raise
        return cls(replica, writer, url)

    def run(self, *, progress: Progress = logger.info) -> None:
        """Serve until SIGTERM or SIGINT, then finish, snapshot and release."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        sys.setswitchinterval(SWITCH_SECONDS)
        garbage.spare()
        progress(f"The engine is live at sequence {self._writer.head.sequence:,}.")
        while not self._is_stopping:
            self.step()
        self.finish()
        progress(f"The engine stopped at sequence {self._writer.head.sequence:,}.")

    def step(self) -> None:
        """Take what waits, commit it while the batch before is applied and answered."""
        numbered = self._collect()
        if len(numbered.refused):
            self._answer_refused(numbered)
        if not len(numbered.commands):
            self._settle()
            self._outbox.flush_market(self._clock.time_ns)
            return
        crash_point("after_decode")
        draft = self._draft(numbered)
        count = len(numbered.commands)
        self._vitals.read(self._oldest_id, count)
        committing = self._thread.submit(self._append, draft)
        try:
            self._settle()
        finally:
            seconds = committing.result()
        self._committed, self._committed_at = numbered, time.monotonic()
        self._vitals.committed(seconds, count, self._writer.losses)
        if numbered.must_settle:
            self._settle()
        self._outbox.flush_market(self._clock.time_ns)

    def finish(self) -> None:
        """Apply and answer what is committed, save a snapshot, give up the lock."""
        self._settle()
        # The replica's machine went on without it: its place is where the writer stands.
        self._replica.head = self._writer.head
        self._replica.save_snapshot()
        self.close()

    def close(self) -> None:
        self._thread.shutdown()
        self._inbox.close()
        self._outbox.close()
        self._writer.close()
        self._replica.close()

    def _append(self, draft: Draft) -> float:
        """In the journal's thread; how long it took, in seconds."""
        began = time.monotonic()
        self._writer.append(draft)
        return time.monotonic() - began

    def _collect(self) -> Numbered:
        """The next batch, numbered; empty when nothing came in time."""
        messages = self._take()
        self._oldest_id = messages[0].stream_id if messages else ""
        if messages:
            crash_point("after_read")
            self._stream_id = messages[-1].stream_id
            self._taken_at = time.monotonic()
        return self._sequencer.number(messages, self._inbox.epoch, self._stream_id)

    def _take(self) -> list[Message]:
        """What waits on the stream, once the window of the batch before is over (RUN-005)."""
        wait_seconds = self._taken_at + BATCH_WINDOW_SECONDS - time.monotonic()
        if wait_seconds > 0:
            if self._committed is not None:
                return []  # Its answers come first.
            time.sleep(wait_seconds)
        try:
            self._check_epoch()
            messages = self._inbox.take(self._block_ms(), BATCH_COMMANDS_MAX)
            self._is_bus_away = False
        except CONNECTION_ERRORS as error:
            if not self._is_bus_away:
                logger.error("The command stream is away: %s", error)
                self._vitals.meter.count("novate_valkey_losses_total")
            self._is_bus_away = True
            self._epoch_checked_ns = 0
            if self._committed is None:
                time.sleep(RECONNECT_SECONDS)
            return []
        return messages

    def _check_epoch(self) -> None:
        now = time.monotonic_ns()
        if now - self._epoch_checked_ns < EPOCH_CHECK_NS:
            return
        if not self._inbox.check_epoch():
            logger.warning("The command stream is new: reading it from its start.")
            self._stream_id = "0-0"
            self._outbox.mark_stale()
        self._epoch_checked_ns = now

    def _block_ms(self) -> int:
        if self._committed is not None:
            return 0
        wait_ns = self._sequencer.tick_due_ns()
        if (market_ns := self._outbox.market_due_ns()) is not None:
            wait_ns = min(wait_ns, market_ns)
        return max(1, wait_ns // 1_000_000)

    def _draft(self, numbered: Numbered) -> Draft:
        draft = numbered.draft()
        if self._committed is None and time.monotonic() >= self._state_hash_at:
            self._state_hash_at = time.monotonic() + STATE_HASH_SECONDS
            state_hash = snapshot.state_hash(self._state)
            self._vitals.hashed(draft.first_sequence - 1)
            return replace(
                draft, state_sequence=draft.first_sequence - 1, state_hash=state_hash
            )
        return draft

    def _settle(self) -> None:
        """Apply the committed batch and let its results out."""
        numbered, self._committed = self._committed, None
        if numbered is None:
            return
        commands = numbered.commands
        half = commands[: (len(commands) + 1) // 2]
        crash_midway("mid_apply", lambda: apply_commands(self._machine, half))
        events = apply_commands(self._machine, commands)
        crash_point("after_apply")
        batch = Batch(
            int(commands["sequence"][0]),
            int(commands["sequence"][-1]),
            int(commands["time_ns"][0]),
            self._batch_number,
            codec.results_of(commands, events),
            events,
        )
        applied_at = time.monotonic()
        self._publish(batch, self._trim(numbered))
        self._vitals.meter.gauge("novate_clock_alarm", int(self._clock.is_alarmed))
        self._vitals.answered(
            batch, applied_at - self._committed_at, time.monotonic() - applied_at
        )

    def _answer_refused(self, numbered: Numbered) -> None:
        """A broadcast of its own, with an empty range of sequences."""
        sequence = int(self._state.counters[Counter.SEQUENCE])
        batch = Batch(
            sequence + 1,
            sequence,
            self._clock.time_ns,
            self._batch_number,
            numbered.refused,
            NO_EVENTS,
        )
        self._publish(batch, [])
        self._vitals.refused(batch)

    def _publish(self, batch: Batch, trim: list[Command]) -> None:
        self._batch_number += 1
        self._outbox.publish(batch, trim)

    def _trim(self, numbered: Numbered) -> list[Command]:
        """An id of an older epoch says nothing about the stream of today."""
        if numbered.stream_epoch != self._inbox.epoch:
            return []
        return [self._inbox.trim_command(numbered.stream_id)]

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._is_stopping = True


def _tell_loss(lost: Lost | None, replica: Replica, url: str, progress: Progress) -> None:
    if lost is not None:
        for line in describe(lost, replica.machine.state, url, snapshot_directory()):
            progress(line)


def _wait_for_lock(
    replica: Replica, progress: Progress, accept_loss_after: int | None
) -> JournalWriter:
    """The writer, once no other engine holds the lock; until then follow the journal."""
    is_told = False
    while True:
        mark = HighWaterFile.open(high_water_path())
        writer = JournalWriter.try_open(mark, accept_loss_after=accept_loss_after)
        if writer is not None:
            return writer
        mark.close()
        if not is_told:
            progress("Another engine is at work: standing by.")
            is_told = True
        replica.catch_up()
        time.sleep(STANDBY_SECONDS)
