"""How many completions may be in flight at a time: grown while that pays, cut when the platform pushes back. No I/O.

The measure is answers per second. By Little's law it stops growing with the number in flight exactly when latency grows
instead, and that holds for a service of fixed latency and slots as well as for one that batches, where latency alone would
say stop too early. Growth is tried in steps: double while it pays, then a quarter more now and then.
"""

from __future__ import annotations

import math

FIRST = 32
"""In flight after the first answer; until then one request alone finds out whether anybody is there."""
MOST = 256
PAYS = 0.25
"""Of the growth in flight that answers per second must at least grow by: doubling pays from 1.25 times the rate on."""
DOUBLE, FINE = 2.0, 1.25
HOLD = 2
"""Measured windows before the next trial after one that did not pay; doubled each time in a row."""
LONGEST_HOLD = 32
SILENT = 1.0
"""Seconds without any answer after which a refusal means the platform as a whole and not its last free place."""


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
        self._step = DOUBLE
        self._hold = 0
        self._held = 0
        self._changed = 0.0
        self._warm = False
        self._last_answer = self._cut = -math.inf
        self._skip = 0
        self._count = 0
        self._since = 0.0

    def answered(self, now: float) -> None:
        """An answer came. The first after a change of the limit belong to the old limit and are not measured."""
        self._last_answer = now
        if not self._warm:
            self._warm, self._settled = True, min(FIRST, self._most)
            self._set(min(FIRST, self._most), now)
            return
        self._count += 1
        if self._skip:
            if self._count >= self._skip:
                self._skip, self._count, self._since = 0, 0, now
        elif self._count >= self._window and now > self._since:
            self._measured(self._count / (now - self._since), now)

    @property
    def _window(self) -> int:
        """Answers that are measured at a time: more where small differences count."""
        return self.limit if self._step == DOUBLE else 2 * self.limit

    def pushed_back(self, began: float, now: float, wait: float) -> None:
        """The platform had no room (429, 503, no answer in time) for a request sent at `began`; it asks to wait `wait` s.

        One crowd counts once: what was sent before the limit changed says nothing about the new limit. When the platform
        answers nothing at all, nothing more is asked before `wait` is over.
        """
        lone = self.limit == 1
        silent = lone or now - self._last_answer > max(SILENT, now - began)
        if silent:
            self.resume_at = max(self.resume_at, now + wait)
        if began < self._changed or not self._warm or lone:
            return
        if self.limit > self._settled:
            self._back(now)
            return
        # Cut once and refused again, with no answer in between: it is not the number that is too high.
        gone = silent or self._last_answer < self._cut
        self._settled, self._rate = 1 if gone else max(1, self.limit // 2), 0.0
        self._step, self._hold = (DOUBLE, 0) if gone else (FINE, HOLD)
        self._cut = now
        self._set(self._settled, now)

    def _measured(self, rate: float, now: float) -> None:
        trial = self.limit > self._settled and self._rate > 0
        if trial and rate < self._rate * (1 + PAYS * (self.limit / self._settled - 1)):
            self._back(now)
            return
        if trial:
            self._hold = 0
        same = self._settled == self.limit and self._rate > 0
        self._settled, self._rate = self.limit, (self._rate + rate) / 2 if same else rate
        self._held += 1
        self._count, self._since = 0, now
        wanted = min(self._most, max(self.limit + 1, int(self.limit * self._step)))
        if wanted > self.limit and self._held > self._hold:
            self._set(wanted, now)

    def _back(self, now: float) -> None:
        """To the last limit that paid; the next trial is a small one and comes later each time."""
        self._step, self._hold = FINE, min(LONGEST_HOLD, max(HOLD, self._hold * 2))
        self._set(self._settled, now)

    def _set(self, limit: int, now: float) -> None:
        self._skip, self._count, self._since, self._held = self.limit, 0, now, 0
        self.limit, self._changed = limit, now
