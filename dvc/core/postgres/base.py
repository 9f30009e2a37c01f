"""Django's PostgreSQL with a line for each thread that stays open. Django can keep lines itself (CONN_MAX_AGE), but asks the
server before each request whether it still lives, which is one question in twelve of a scan. A server that went away has
closed the line, and the kernel tells that without asking anybody.
"""

from __future__ import annotations

import select
import time
from typing import Any, Final

from django.db.backends.postgresql import base
from psycopg import OperationalError
from psycopg.pq import ConnStatus

# A server that is killed is back within seconds: whoever asks meanwhile waits for it.
PATIENCE_SECONDS: Final = 10.0
_BETWEEN_TRIES: Final = 0.1


class DatabaseWrapper(base.DatabaseWrapper):
    health_check_done: bool  # Django's own, which its stubs do not know

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A new line; while the server does not take any, for up to PATIENCE_SECONDS. Raises `OperationalError`."""
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return super().get_new_connection(conn_params)
            except OperationalError:
                if time.monotonic() > end:
                    raise
                time.sleep(_BETWEEN_TRIES)

    def close_if_health_check_failed(self) -> None:
        """Called before each statement; looked at once in a request."""
        if not self.health_check_done:
            super().close_if_health_check_failed()

    def is_usable(self) -> bool:
        """Whether the line still lives. After an error the server is asked, as Django does."""
        if self.connection is None:
            return False
        if self.errors_occurred:
            return bool(super().is_usable())
        line = self.connection.pgconn
        return line.status == ConnStatus.OK and not _has_news(line.socket)


def _has_news(socket: int) -> bool:
    """Between two questions a server has nothing to say but goodbye."""
    poll = select.poll()
    poll.register(socket, select.POLLIN)
    return bool(poll.poll(0))
