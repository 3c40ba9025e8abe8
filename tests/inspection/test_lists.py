"""What a list in a sentence leaves out is counted, and an error lists the data's labels."""

from __future__ import annotations

from tuning.lists import first_of
from tuning.one_label import NAMED_LABELS


def test_what_is_left_out_is_counted() -> None:
    names = [f"label-{n}" for n in range(15)]
    assert first_of(names, 10).endswith("label-9 and 5 more")
    assert first_of(names, NAMED_LABELS).endswith("label-14") and first_of([], 3) == ""
