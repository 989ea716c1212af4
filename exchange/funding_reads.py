"""What funding was: hours, samples and what a range came to, read for the API."""

from django.db.models import BigIntegerField, ExpressionWrapper, F, Sum
from django.db.models.functions import Mod

from exchange.engine.units import FUNDING_HOUR_NS, FUNDING_SAMPLE_NS, FUNDING_SAMPLES
from exchange.models import FundingHour, FundingSample
from exchange.models.contracts import HISTORY_BITS


def hours(contract: int, since_ns: int, until_ns: int) -> list[FundingHour]:
    """Clock hours that began in since_ns..until_ns, oldest first."""
    base = contract << HISTORY_BITS
    first = base + max(0, -(-since_ns // FUNDING_HOUR_NS))
    last = base + max(0, until_ns // FUNDING_HOUR_NS)
    return list(FundingHour.objects.filter(pk__gte=first, pk__lte=last).order_by("pk"))


def samples(
    contract: int, since_ns: int, until_ns: int, *, every: int = 1
) -> list[FundingSample]:
    """Samples that ended in the range, oldest first; of each `every` the last there is."""
    first, last = _sample_range(contract, since_ns, until_ns)
    group = F("id") - Mod(F("id") - (contract << HISTORY_BITS), every)
    rows = FundingSample.objects.filter(pk__gte=first, pk__lte=last).annotate(group=group)
    return list(rows.order_by("group", "-id").distinct("group"))


def interest(contract: int, since_ns: int, until_ns: int) -> int:
    """Sum of rate_ppb x measured_ms over the samples that ended in the range.

    Whole hours stand summed up; only the two ends are read sample by sample.
    """
    first, last = _sample_range(contract, since_ns, until_ns)
    base = contract << HISTORY_BITS
    begin, end = -(-(first - base) // FUNDING_SAMPLES), (last - base + 1) // FUNDING_SAMPLES
    end = max(begin, end)
    whole = FundingHour.objects.filter(pk__gte=base + begin, pk__lt=base + end)
    inner = {"pk__gte": base + begin * FUNDING_SAMPLES, "pk__lt": base + end * FUNDING_SAMPLES}
    ends = FundingSample.objects.filter(pk__gte=first, pk__lte=last).exclude(**inner)
    product = ExpressionWrapper(F("rate_ppb") * F("measured_ms"), BigIntegerField())
    sums = (whole.aggregate(sum=Sum("rate_ppb_ms")), ends.aggregate(sum=Sum(product)))
    return sum(int(part["sum"] or 0) for part in sums)


def _sample_range(contract: int, since_ns: int, until_ns: int) -> tuple[int, int]:
    """Keys of the first and the last sample that ended in the range."""
    base = contract << HISTORY_BITS
    first = base + max(0, -(-since_ns // FUNDING_SAMPLE_NS) - 1)
    return first, base + max(0, until_ns // FUNDING_SAMPLE_NS) - 1
