"""The journal: the one table that is the truth. One row is one batch, one commit, one fsync."""

from django.db import models


class JournalBatch(models.Model):
    """A batch of commands as it was committed; pipeline.journal writes and checks it.

    Rows are only ever added; pipeline.retention alone takes old ones away, behind an anchor.
    `hash` covers every other column and the hash of the row before.
    """

    first_sequence = models.BigIntegerField(primary_key=True)
    count = models.IntegerField()
    time_ns = models.BigIntegerField()
    records = models.BinaryField()
    side = models.BinaryField()
    stream_epoch = models.BigIntegerField()
    stream_id = models.CharField(max_length=41)
    previous_hash = models.BinaryField()
    hash = models.BinaryField()
    engine_version = models.IntegerField()
    # The hash of the state after `state_sequence`, an earlier row's last: to bisect by.
    state_sequence = models.BigIntegerField(null=True)
    state_hash = models.BinaryField(null=True)
    # The target of this row's Quarantine: replay must know it before it gets there.
    quarantined = models.BigIntegerField(null=True)

    class Meta:
        db_table = "exchange_journalbatch"
        ordering = ("first_sequence",)
        verbose_name = "journal batch"
        verbose_name_plural = "journal batches"
        indexes = (
            models.Index(
                fields=("quarantined",),
                name="journal_quarantined",
                condition=models.Q(quarantined__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.first_sequence} (+{self.count})"


class JournalAnchor(models.Model):
    """Where this database's journal begins when its older rows lie in archives.

    It holds all that the first row kept has to follow, and the hash of the state there. Of
    several the highest counts; the others tell which archive holds what.
    """

    sequence = models.BigIntegerField(primary_key=True)
    hash = models.BinaryField()
    time_ns = models.BigIntegerField()
    stream_epoch = models.BigIntegerField()
    stream_id = models.CharField(max_length=41)
    state_hash = models.BinaryField()
    archive = models.CharField(max_length=64, help_text="The archive's file, rows up to here.")
    archive_hash = models.BinaryField()

    class Meta:
        db_table = "exchange_journalanchor"
        ordering = ("sequence",)

    def __str__(self) -> str:
        return f"after {self.sequence}"
