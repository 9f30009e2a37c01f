"""A brake on guessing and flooding: so many times for one address, account or code within a stretch of time.

The counters lie in Django's cache. Losing them loses a limit for minutes, never a record.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from django.core.cache import cache


@dataclass(frozen=True, slots=True)
class Throttle:
    """`most` times for each `who` within `seconds` of the first one. `name` keeps the counters of two brakes apart."""

    name: str
    most: int
    seconds: int

    def is_full(self, *who: object) -> bool:
        """Whether it was counted `most` times already."""
        return int(cache.get(self._key(who), 0)) >= self.most

    def count(self, *who: object) -> bool:
        """One more. Whether that was still within `most`."""
        key = self._key(who)
        if cache.add(key, 1, self.seconds):
            return self.most >= 1
        try:
            return int(cache.incr(key)) <= self.most
        except ValueError:  # the stretch ended between the two lines
            cache.add(key, 1, self.seconds)
            return self.most >= 1

    def forget(self, *who: object) -> None:
        """Start again at zero: they have shown who they are."""
        cache.delete(self._key(who))

    def _key(self, who: tuple[object, ...]) -> str:
        # Hashed: an address or a telephone number has no business in a cache.
        said = "\0".join(str(one) for one in who)
        return f"{self.name}:{hashlib.sha256(said.encode(errors='surrogatepass')).hexdigest()}"
