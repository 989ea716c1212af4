"""What the operator has planned: shown on /status before and while it happens."""

from django.db import models
from django.db.models import F, Q


class Maintenance(models.Model):
    """A time in which the venue, or part of it, will not answer; entered by an operator."""

    begins = models.DateTimeField(help_text="UTC.")
    ends = models.DateTimeField(help_text="UTC.")
    words = models.CharField(max_length=200, help_text="What is done, and what people notice.")

    class Meta:
        verbose_name_plural = "maintenance"
        constraints = (
            models.CheckConstraint(
                condition=Q(ends__gt=F("begins")), name="maintenance_ends_after_it_begins"
            ),
        )

    def __str__(self) -> str:
        return f"{self.begins:%Y-%m-%d %H:%M}: {self.words}"
