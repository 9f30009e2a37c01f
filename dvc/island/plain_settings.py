"""The settings of the unencrypted line (PORT in island mode): the same center, fewer pages, sessions of its own."""

from dvc.settings import *  # noqa: F403
from dvc.settings import MIDDLEWARE

SESSION_COOKIE_SECURE = False
CSRF_COOKIE_SECURE = False
# A cookie belongs to a name on all its ports: with names of their own the two lines never see one another's, and
# with a salt of its own a session that was overheard here means nothing on the encrypted line.
SESSION_COOKIE_NAME = "plain_sessionid"
CSRF_COOKIE_NAME = "plain_csrftoken"
SESSION_ENGINE = "dvc.island.plain_sessions"
MIDDLEWARE = [
    *MIDDLEWARE[: MIDDLEWARE.index("dvc.accounts.policy.PolicyMiddleware")],
    "dvc.island.plain.PlainLine",
    "dvc.accounts.policy.PolicyMiddleware",
]
