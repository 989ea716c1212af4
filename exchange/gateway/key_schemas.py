"""The parameters of the methods for API keys: Deribit's names, and two of our own."""

from exchange.gateway.decoder import Count, Decimal, Flag, Names, Text
from exchange.gateway.schemas import Params


class KeyNumber(Params, frozen=True):
    id: Count


class ChangeKeyName(Params, frozen=True):
    id: Count
    name: Text


class ChangeKeyScope(Params, frozen=True):
    id: Count
    max_scope: Text


class KeyTerms(Params, frozen=True, kw_only=True):
    max_scope: Text
    ip_whitelist: Names | None = None
    enabled_features: Names | None = None
    public_key: Text | None = None
    contracts: Names | None = None
    daily_loss_limit: Decimal | None = None  # 0: none


class CreateKey(KeyTerms, frozen=True, kw_only=True):
    name: Text = Text()


class EditKey(KeyTerms, frozen=True, kw_only=True):
    id: Count
    name: Text | None = None
    enabled: Flag | None = None
