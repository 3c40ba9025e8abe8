"""How many completions may be in flight at a time: grown while that pays, cut when the platform pushes back. No I/O.

The measure is answers per second. By Little's law it stops growing with the number in flight exactly when latency grows
instead, and that holds for a service of fixed latency and slots as well as for one that batches, where latency alone would
say stop too early. Growth is tried in steps: double while it pays, then a quarter more now and then.
"""

from __future__ import annotations

FIRST = 32
"""In flight after the first answer; until then one request alone finds out whether anybody is there."""
MOST = 256
PAYS = 0.25
"""Of the growth in flight that answers per second must at least grow by: doubling pays from 1.25 times the rate on."""
FINE = 1.25
HOLD = 8
"""Measured windows between two trials; doubled after each trial that did not pay."""
LONGEST_HOLD = 64


class Pace:
    """The limit in flight. Times are seconds of any one clock that does not run backwards."""

    def __init__(self, most: int = MOST) -> None:
        self.limit = 1
        self.resume_at = 0.0
        """Nothing more is asked before this time."""
        self._most = most
        self._settled = 1
        self._rate = 0.0
        """Answers per second at `_settled`; 0 while that was not measured."""
        self._step = 2.0
        self._hold = HOLD
        self._held = 0
        self._changed = 0.0
        self._warm = False
        self._answered = False
        """Since the limit changed."""
        self._skip = 0
        self._count = 0
        self._since = 0.0

    def answered(self, now: float) -> None:
        """An answer came. The first after a change of the limit belong to the old limit and are not measured."""
        self._answered = True
        if not self._warm:
            self._warm = True
            self._set(min(FIRST, self._most), now)
            return
        self._count += 1
        if self._skip:
            if self._count >= self._skip:
                self._skip, self._count, self._since = 0, 0, now
        elif self._count >= self.limit and now > self._since:
            self._measured(self._count / (now - self._since), now)

    def pushed_back(self, began: float, now: float, wait: float) -> None:
        """The platform had no room (429, 503, no answer in time) for a request sent at `began`; it asks to wait `wait` s.

        One crowd counts once: what was sent before the limit changed says nothing about the new limit. When nothing at all
        was answered since then, nothing more is asked before `wait` is over.
        """
        if not self._answered:
            self.resume_at = max(self.resume_at, now + wait)
        if began < self._changed or not self._warm:
            return
        if self._answered and self.limit > self._settled:
            self._back(now)
            return
        self._settled, self._rate = max(1, self.limit // 2), 0.0
        self._step = FINE if self._answered else 2.0
        self._set(self._settled, now)

    def _measured(self, rate: float, now: float) -> None:
        grown = self.limit > self._settled and self._rate > 0
        if grown and rate < self._rate * (1 + PAYS * (self.limit / self._settled - 1)):
            self._back(now)
            return
        if grown:
            self._step, self._hold = 2.0, HOLD
        self._settled, self._rate = self.limit, rate
        self._held += 1
        self._count, self._since = 0, now
        wanted = min(self._most, max(self.limit + 1, int(self.limit * self._step)))
        if wanted > self.limit and (self._step == 2.0 or self._held > self._hold):
            self._set(wanted, now)

    def _back(self, now: float) -> None:
        """To the last limit that paid; the next trial is a small one and comes later each time."""
        self._step, self._hold = FINE, min(LONGEST_HOLD, self._hold * 2)
        self._set(self._settled, now)

    def _set(self, limit: int, now: float) -> None:
        self._skip, self._count, self._since, self._held = self.limit, 0, now, 0
        self.limit, self._changed, self._answered = limit, now, False
