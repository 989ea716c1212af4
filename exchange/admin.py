"""Read-only windows on the projections: they are computed from the journal, never edited."""

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib import admin
from django.db.models import BinaryField, Model
from django.http import HttpRequest

from exchange import models

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Model]
else:
    ModelAdmin = admin.ModelAdmin


class ReadOnlyAdmin(ModelAdmin):
    """Every column of a table, newest first; nothing can be changed."""

    show_full_result_count = False

    def get_list_display(self, _request: HttpRequest) -> list[Any]:
        columns = self.model._meta.concrete_fields
        return [field.name for field in columns if not isinstance(field, BinaryField)][:10]

    def get_ordering(self, _request: HttpRequest) -> list[Any]:
        return ["-pk"]

    def has_add_permission(self, _request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        return False


class MembershipAdmin(ReadOnlyAdmin):
    """Who may act for which account; found by name."""

    search_fields = ("name", "account_id")
    list_select_related = ("user",)


OWN_WINDOW = (models.Membership, models.Alarm, models.Maintenance)
NO_WINDOW = (models.ApiKey, models.OrderLabel)
for model in apps.get_app_config("exchange").get_models():
    if model not in OWN_WINDOW + NO_WINDOW:
        admin.site.register(model, ReadOnlyAdmin)
admin.site.register(models.Membership, MembershipAdmin)


@admin.register(models.Maintenance)
class MaintenanceAdmin(ModelAdmin):
    """What is planned: the one table here that an operator writes."""

    list_display = ("begins", "ends", "words")
    ordering = ("-begins",)


@admin.register(models.Alarm)
class AlarmAdmin(ReadOnlyAdmin):
    """What must not happen; a person marks it resolved."""

    list_filter = ("kind", ("resolved", admin.EmptyFieldListFilter))
    readonly_fields = ("kind", "account", "sequence", "details", "raised")
    fields = (*readonly_fields, "resolved")

    def has_change_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        return True
