"""A brake on guessing and flooding: so many times for one address, account or code within a stretch of time.

The counters lie in Django's cache: in memory, or in the broker where several web processes share them. Losing them
loses a limit for minutes, never a record; while the broker is dead nobody is counted.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass

from django.core.cache import cache
from redis.exceptions import RedisError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Throttle:
    """`most` times for each `who` within `seconds` of the first one. `name` keeps the counters of two brakes apart."""

    name: str
    most: int
    seconds: int

    def is_full(self, *who: object) -> bool:
        """Whether it was counted `most` times already."""
        try:
            return int(cache.get(self._key(who), 0)) >= self.most
        except RedisError as error:
            log.warning("%s is not counted: %s", self.name, error)
            return False

    def count(self, *who: object) -> bool:
        """One more. Whether that was still within `most`."""
        key = self._key(who)
        try:
            if cache.add(key, 1, self.seconds):
                return self.most >= 1
            return int(cache.incr(key)) <= self.most
        except ValueError:  # the stretch ended between the two lines
            return self.most >= 1
        except RedisError as error:
            log.warning("%s is not counted: %s", self.name, error)
            return True

    def forget(self, *who: object) -> None:
        """Start again at zero: they have shown who they are."""
        try:
            cache.delete(self._key(who))
        except RedisError as error:
            log.warning("%s is not forgotten: %s", self.name, error)

    def _key(self, who: tuple[object, ...]) -> str:
        # Hashed: an address or a telephone number has no business in a cache.
        said = "\0".join(str(one) for one in who)
        return f"{self.name}:{hashlib.sha256(said.encode(errors='surrogatepass')).hexdigest()}"
