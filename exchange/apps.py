from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    name = "exchange"
    verbose_name = "Exchange"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # shared_task binds to the default Celery app, so every process and thread needs one.
        from exchange.celery import app

        app.set_default()
