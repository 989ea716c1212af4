"""Django's settings: safe as they stand, changed by environment variables only.

NOVATE_HOME           runtime directory (default: .novate beside manage.py)
NOVATE_DEBUG=1        Django's debug pages; never on a venue that others can reach
NOVATE_HOSTS          names this venue answers to, comma separated (default: this machine only)
NOVATE_HTTPS=1        behind a TLS proxy, whose X-Forwarded-Proto is trusted: secure cookies
NOVATE_PROXIES        addresses and networks of proxies whose X-Forwarded-For is believed, comma
                      separated; `unix`: whoever connects by a unix socket (default: nobody)
NOVATE_LIMITS         other budgets than gateway/limits.py has: trade=8000/32000,read=200/1000
NOVATE_SECRET_KEY     else generated once and kept in NOVATE_HOME/keys/secret_key (0600)
NOVATE_SIGNUP=0       closes sign-up
NOVATE_LOG=json       log lines as JSON objects; NOVATE_LOG_LEVEL (INFO)
NOVATE_METRICS_TOKEN  what Prometheus must send as a bearer token; without one /metrics answers
                      this machine alone
NOVATE_DRAIN_SECONDS  how long a web process asked to stop answers on, unready (default 0)
DATABASE_URL, REDIS_URL  real servers instead of the embedded ones
"""

import os

from exchange.pipeline import logs

# Before anything imports Numba, which reads it once.
from exchange.pipeline.servers import (
    PROJECT,
    celery_broker_url,
    database_settings,
    jit_cache_directory,
    novate_home,
    private_directory,
    private_secret,
    redis_url,
)
from exchange.pipeline.servers.addresses import CACHE_DATABASE, CHANNELS_DATABASE

os.environ["NUMBA_CACHE_DIR"] = str(jit_cache_directory())

BASE_DIR = PROJECT
NOVATE_HOME = private_directory(novate_home())
DEBUG = os.environ.get("NOVATE_DEBUG") == "1"
HTTPS = os.environ.get("NOVATE_HTTPS") == "1"
SIGNUP_OPEN = os.environ.get("NOVATE_SIGNUP") != "0"

SECRET_KEY = os.environ.get("NOVATE_SECRET_KEY") or private_secret(
    NOVATE_HOME / "keys" / "secret_key"
)
logs.protect(
    [
        SECRET_KEY,
        os.environ.get("NOVATE_METRICS_TOKEN"),
        *logs.passwords_of(os.environ.get("DATABASE_URL"), os.environ.get("REDIS_URL")),
    ]
)
ALLOWED_HOSTS = os.environ.get("NOVATE_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
CSRF_FAILURE_VIEW = "exchange.gateway.views.csrf_failure"
CSRF_TRUSTED_ORIGINS = [
    f"https://{host}" for host in ALLOWED_HOSTS if HTTPS and not host.startswith((".", "*"))
]

INSTALLED_APPS = [
    "exchange",
    "risk",
    "oracle",
    "channels",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "servestatic",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "exchange.gateway.middleware.ContentSecurityPolicyMiddleware",
    "exchange.gateway.middleware.ConnectionMiddleware",
    "exchange.gateway.middleware.OutageMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
ROOT_URLCONF = "exchange.urls"
ASGI_APPLICATION = "exchange.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "exchange.gateway.pages.shell",
            ],
        },
    }
]

# --- servers --------------------------------------------------------------------------------
DATABASES = {"default": database_settings()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": redis_url(CACHE_DATABASE),
    }
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [redis_url(CHANNELS_DATABASE)]},
    }
}
CELERY_BROKER_URL = celery_broker_url()
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_TIMEZONE = "UTC"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE_FILENAME = str(NOVATE_HOME / "celerybeat-schedule")

# --- people ---------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "exchange.gateway.people.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SIGNUP_REDIRECT_URL = "/welcome"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Novate"
MFA_TOTP_TOLERANCE = 1  # A phone's clock may be half a minute off; a code still counts once.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS  # Browsers allow it on localhost alone.
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"

# --- the edge -------------------------------------------------------------------------------
SESSION_ENGINE = "exchange.gateway.sessions"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 65_536
if HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 31_536_000

# --- static files ---------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = NOVATE_HOME / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "exchange.gateway.finders.LightweightChartsFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "servestatic.storage.CompressedManifestStaticFilesStorage"},
}

# --- words and times ------------------------------------------------------------------------
LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "exchange.pipeline.logs.LineFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
        },
        "json": {"()": "exchange.pipeline.logs.JsonFormatter"},
    },
    "filters": {"strangers": {"()": "exchange.pipeline.logs.Strangers"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "json" if os.environ.get("NOVATE_LOG") == "json" else "line",
        }
    },
    "root": {"handlers": ["stderr"], "level": os.environ.get("NOVATE_LOG_LEVEL", "INFO")},
    "loggers": {
        "django": {"handlers": [], "level": "INFO"},
        "celery.worker.strategy": {"level": "WARNING"},  # Its news is told again at the end.
        # uvicorn brings handlers of its own, which would write past our formatters.
        "uvicorn": {"handlers": [], "propagate": True, "level": "WARNING"},
        "uvicorn.error": {"filters": ["strangers"]},
        "uvicorn.access": {"handlers": [], "propagate": True, "level": "WARNING"},
    },
}
