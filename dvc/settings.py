"""All settings, from the environment. A wrong value stops the start with one clear sentence.

What may be set is listed, with examples, in deploy/env.example.
"""

import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dvc import __version__
from dvc.core.env import Env, own_hosts

env = Env()

BASE_DIR = Path(__file__).resolve().parent.parent
FRONTEND = BASE_DIR / "frontend"

# ── Where things are ───────────────────────────────────────────────────────────────────────────
DATA = env.folder("DATA", BASE_DIR / "data")
RUN_DIR = DATA / "run"
KEYS_DIR = DATA / "keys"
MEDIA_ROOT = DATA / "media"
MEDIA_URL = "media/"

VERSION = __version__
DEBUG = env.flag("DEBUG")
PORT = env.integer("PORT", 8000, low=1, high=65535)
# Island mode (dvc.island): tablets come over a Wi-Fi of our own, encrypted on HTTPS_PORT; PORT then serves only the
# pages that help a device trust us, and this machine itself.
LAN = env.flag("LAN")
HTTPS_PORT = env.integer("HTTPS_PORT", 8443, low=1, high=65535)
LAN_KEYS = KEYS_DIR / "lan"
LAN_NAME = env.lan_name("LAN_NAME", LAN_KEYS / "name", "saigai.local")
LAN_ADDRESS = env.private_addresses("LAN_ADDRESS", example="192.168.1.10")
WIFI_NAME = env.text("WIFI_NAME")
WIFI_PASSWORD = env.text("WIFI_PASSWORD")
BIND = env.address("BIND", "0.0.0.0" if LAN else "127.0.0.1")
SECRET_KEY = env.secret("SECRET_KEY", DATA / "secret_key")
HOST = r"\.?[A-Za-z0-9._-]+|\[[0-9a-fA-F:.]+\]|\*"
ALLOWED_HOSTS = env.names(
    "ALLOWED_HOSTS", own_hosts(BIND), pattern=HOST, example="center.example.jp,192.168.1.10"
)
CSRF_TRUSTED_ORIGINS = env.names(
    "TRUSTED_ORIGINS", [], pattern=r"https?://[A-Za-z0-9.*_:\[\]-]+", example="https://center.example.jp"
)

# ── The parts, in the order they depend on one another ─────────────────────────────────────────
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "django_htmx",
    "django_vite",
    "csp",
    "dvc.audit",
    "dvc.outbox",
    "dvc.backups",
    "dvc.operations",
    "dvc.accounts",
    "dvc.devices",
    "dvc.photos",
    "dvc.runtime",
    "intake.people",
    "intake.volunteers",
    "intake.operators",
    "intake.help_requests",
    "intake.survey",
    "intake.maps",
    "intake.register",
    "intake.checkin",
    "intake.orientation",
    "intake.questions",
    "intake.selfcheckin",
    "intake.paper",
    "intake.web_requests",
    "intake.exchange",
    "matching.equipment",
    "matching.trips",
    "matching.queue",
    "matching.proposals",
    "matching.teams",
    "matching.loans",
    "matching.safety",
    "matching.dispatch",
    "matching.field",
    "matching.evening",
    "matching.control",
    "dvc.sync",
    "dvc.home",
    "dvc.board",
    "dvc.public",
    "dvc.drills",
    "dvc.island",
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "dvc.urls"
WSGI_APPLICATION = "dvc.wsgi.application"

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "dvc.core.policy_header.OnePolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "dvc.accounts.policy.PolicyMiddleware",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [FRONTEND / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dvc.accounts.context.center",
            ],
        },
    },
]

# ── The database: the only truth ───────────────────────────────────────────────────────────────
DATABASES = {"default": env.database("DATABASE_URL", DATA)}

# A backup every so many minutes while anything changes (0: never), in DATA and in a second folder, best on a stick. That
# folder is never made: a stick that was pulled out would leave an empty place on this very disk. Sealed with the
# recovery key of DATA/keys, or with a passphrase.
BACKUP_MINUTES = env.integer("BACKUP_MINUTES", 10, low=0, high=1440)
BACKUPS_DIR = DATA / "backups"
BACKUP_TO = env.folder("BACKUP_TO", DATA) if env.text("BACKUP_TO") else None
BACKUP_PASSPHRASE = env.passphrase("BACKUP_PASSPHRASE")

# SQLite has one writer and a laptop little memory; PostgreSQL keeps every core busy.
WEB_WORKERS = env.integer(
    "WEB_WORKERS",
    1 if DATABASES["default"]["ENGINE"].endswith("sqlite3") else min(4, os.cpu_count() or 1),
    low=1,
    high=32,
)
WEB_THREADS = env.integer("WEB_THREADS", 8, low=1, high=64)

# ── People and sessions ────────────────────────────────────────────────────────────────────────
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["dvc.accounts.backend.Staff"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "sign_in"
SESSION_ENGINE = "dvc.accounts.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 60 * 60
CSRF_COOKIE_SAMESITE = "Lax"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# ── Language and time ──────────────────────────────────────────────────────────────────────────
LANGUAGE_CODE = "ja"
TIME_ZONE = env.time_zone("TIME_ZONE", "Asia/Tokyo")
USE_I18N = True
USE_TZ = True

# ── Static files ───────────────────────────────────────────────────────────────────────────────
# Served by WhiteNoise straight from the tree: there is no collectstatic step to forget. Vite's
# files carry a hash in their names and may be kept for ever; the rest is asked for again.
STATIC_URL = "/static/"
STATIC_ROOT = None
STATICFILES_DIRS: list[Any] = [FRONTEND / "static", ("dist", FRONTEND / "dist")]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_MAX_AGE = 60
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/dist/assets/.+[-.][A-Za-z0-9_-]{8,}\.[a-z0-9]+$"

# `VITE_DEV=1 DEBUG=1` takes scripts from `npm run dev` instead of the build.
VITE_DEV = env.flag("VITE_DEV") and DEBUG
DJANGO_VITE = {
    "default": {
        "dev_mode": VITE_DEV,
        "manifest_path": FRONTEND / "dist" / ".vite" / "manifest.json",
        "static_url_prefix": "dist",
    }
}

# Map tiles come from outside, so there are none unless a center chooses them.
MAP_TILE_URL = env.url("MAP_TILE_URL", example="https://tiles.example.jp/{z}/{x}/{y}.png")
MAP_TILE_CREDIT = env.text("MAP_TILE_CREDIT")

# Printed on work orders: the map on a leader's phone, and this center as a phone reaches it (empty: the address
# the printing browser used, which a phone cannot open when that is this machine itself).
MAP_LINK = env.map_link("MAP_LINK", "https://www.google.com/maps/search/?api=1&query={lat},{lng}")
PUBLIC_URL = env.url("PUBLIC_URL", example="https://center.example.jp").rstrip("/")
if LAN and not PUBLIC_URL:
    PUBLIC_URL = f"https://{LAN_NAME}:{HTTPS_PORT}".removesuffix(":443")
EVACUATION_PLACE = env.text("EVACUATION_PLACE")

# ── Security ───────────────────────────────────────────────────────────────────────────────────
HTTPS = env.flag("HTTPS") or LAN
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
# Off in island mode on purpose: it would bind every port of the name, so that a tablet that lost its certificate
# could open neither the install page nor the unencrypted reception.
SECURE_HSTS_SECONDS = 0 if LAN else env.integer("HSTS_SECONDS", 0, low=0, high=63072000)
# Only set behind our own proxy (deploy/), which overwrites this header and says whose request it is.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS and not LAN else None
if HTTPS and not LAN:
    MIDDLEWARE.insert(0, "dvc.core.client_address.AddressBehindProxy")
if LAN:
    # The prefix keeps the unencrypted line of the same name from planting a cookie here: only https may set it.
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"
    # The laptop's address may change over night: dvc.island.hosts knows which names are ours.
    LAN_HOSTS = [LAN_NAME, *ALLOWED_HOSTS]
    ALLOWED_HOSTS = ["*"]
    MIDDLEWARE.insert(0, "dvc.island.hosts.OnlyOurNames")
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# A photo from a phone is 3–8 MB; text fields are far below.
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
FILE_UPLOAD_PERMISSIONS = 0o600

_tiles = urlsplit(MAP_TILE_URL)
_tile_origin = [f"{_tiles.scheme}://{_tiles.netloc}"] if MAP_TILE_URL else []
_dev = ["http://localhost:5173", "ws://localhost:5173"] if VITE_DEV else []
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'", *_dev],
        # wasm-unsafe-eval compiles the scanner's WebAssembly; it does not allow eval().
        "script-src": ["'self'", "'wasm-unsafe-eval'", *_dev],
        "style-src": ["'self'", *_dev],
        "img-src": ["'self'", "data:", "blob:", *_tile_origin],
        "font-src": ["'self'", *_dev],
        "connect-src": ["'self'", *_dev],
        "worker-src": ["'self'", "blob:"],
        "media-src": ["'self'", "blob:"],
        "manifest-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

# ── API ────────────────────────────────────────────────────────────────────────────────────────
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Disaster volunteer center",
    "VERSION": VERSION,
    "SERVE_INCLUDE_SCHEMA": False,
}

# ── Background work ────────────────────────────────────────────────────────────────────────────
# Every piece of work is a row first (dvc.outbox); the message only carries the row's id.
OUTBOX_HANDLERS = {
    "matching.run": ("matching.proposals.tasks.solve_run", "matching"),
    "matching.what_if": ("matching.proposals.tasks.answer_what_if", "matching"),
    "drill.step": ("dvc.drills.tasks.play_due", "default"),
    "exchange.work": ("intake.exchange.tasks.work", "default"),
    "exchange.compare": ("intake.exchange.tasks.compare", "default"),
    "backup.write": ("dvc.runtime.tasks.back_up", "default"),
}
# Called before a backup copies the database; what they return is called once the copy lies elsewhere, in that transaction.
BACKUP_WITNESSES = ["dvc.sync.marks.before_backup"]

# How long a worker may be silent before its work is given to another; long work renews its lease.
OUTBOX_LEASE_SECONDS = env.integer("OUTBOX_LEASE_SECONDS", 30, low=2, high=600)
# Each takes a core while it thinks; one operation is thought about by one of them at a time.
MATCHING_WORKERS = env.integer("MATCHING_WORKERS", 1, low=1, high=16)
# Changes ask the matching engine at most this often: many check-ins are one question.
MATCHING_SECONDS_BETWEEN = env.integer("MATCHING_SECONDS_BETWEEN", 10, low=1, high=600)
# How long it may think about a whole plan. Most plans are done before; a machine too slow for that gets a plan that depends
# on its speed. A worker shows that it lives for longer than this (matching.proposals.thinking).
MATCHING_SECONDS = env.integer("MATCHING_SECONDS", 10, low=2, high=40)
# What the sweeper does in every round, called with `at`; what follows from the state of the tables, not from a call.
SWEEP_CHECKS = [
    "dvc.runtime.services.sweeper_beat",
    "matching.proposals.runs.request_due_runs",
    "intake.orientation.services.catch_up",
    "dvc.sync.gather.look_through_all",
    "dvc.sync.answers.forget_daily",
    "dvc.backups.services.request_due",
    *(["dvc.island.services.keep_certificate"] if LAN else []),
]

EMBEDDED_BROKER = not env.text("BROKER_URL")
BROKER_URL = env.broker("BROKER_URL", DATA)
# Counters for throttling only (dvc.core.throttle). They live in the memory of the one web process; several share them
# in the broker, and when that is dead nobody is counted: no request needs it.
CACHES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    if WEB_WORKERS == 1
    else {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": BROKER_URL.replace("redis+socket://", "unix://"),
        "OPTIONS": {"socket_connect_timeout": 0.2, "socket_timeout": 0.5},
    }
}
CELERY_BROKER_URL = BROKER_URL
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # Above the longest task (CELERY_TASK_TIME_LIMIT), or work would be handed out twice.
    "visibility_timeout": 900,
    "socket_connect_timeout": 0.5,
    "socket_timeout": 1,
    "socket_keepalive": True,
    # Without it a publisher waits two seconds and tries again, whatever `retry` says, and a request with it.
    "max_retries": 0,
}
CELERY_BROKER_CONNECTION_TIMEOUT = 0.5
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# A request never waits for the broker: the row is there, and the sweeper publishes it again.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 270
CELERY_TASK_DEFAULT_QUEUE = "default"
# Where each worker is asked whether it lives: a queue of its own, or the question would grow too old behind much work.
MATCHING_PULSES = [f"matching.{number}" for number in range(1, MATCHING_WORKERS + 1)]
PULSES = ["default.1", *MATCHING_PULSES]
CELERY_TASK_QUEUES: dict[str, dict[str, Any]] = {queue: {} for queue in ("default", "matching", *PULSES)}
CELERY_TASK_CREATE_MISSING_QUEUES = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = TIME_ZONE

# ── Logging: plain lines to stdout, never with a person's data ─────────────────────────────────
LOG_LEVEL = env.one_of("LOG_LEVEL", "INFO", frozenset({"DEBUG", "INFO", "WARNING", "ERROR"}))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        # 503 is how /healthz says "not yet"; it is no error of ours.
        "no_503": {
            "()": "django.utils.log.CallbackFilter",
            "callback": lambda record: getattr(record, "status_code", 0) != 503,
        },
    },
    "formatters": {
        "plain": {
            "()": "dvc.core.logs.Plain",
            "format": "{asctime} {levelname} {name} {message}",
            "style": "{",
        },
    },
    "handlers": {
        "stdout": {"class": "logging.StreamHandler", "stream": sys.stdout, "formatter": "plain"},
    },
    "root": {"handlers": ["stdout"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"level": LOG_LEVEL},
        # Its 4xx lines would repeat paths that strangers typed.
        "django.request": {"level": "ERROR", "filters": ["no_503"]},
        "celery": {"level": "WARNING"},
    },
}
