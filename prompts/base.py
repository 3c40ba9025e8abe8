"""A prompt is a template file and the frozen values that fill it; together they decide a text, and nothing else does."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Undefined, meta
from pydantic import BaseModel, ConfigDict

from prompts import quoting, units

FOLDER = Path(__file__).parent
PAGE = ".html.j2"
"""How the names of templates end that make a page."""


class Values(BaseModel):
    """Base of what a prompt is made of: plain values, fixed once made."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Prompt(Values):
    """One text. A subclass names its template; its fields are exactly the template's variables."""

    template: ClassVar[str]

    def render(self) -> str:
        """The text. Raises jinja2.UndefinedError or TypeError for a template that prints what it was not given."""
        return (
            self.environment()
            .get_template(self.template)
            .render({name: getattr(self, name) for name in type(self).model_fields})
        )

    @classmethod
    def environment(cls) -> Environment:
        """What the template is rendered in: a page's is another than Markdown's."""
        return environment(cls.template.endswith(PAGE))

    @classmethod
    def sources(cls) -> dict[str, str]:
        """The template by its name, and those that it extends or includes."""
        found: dict[str, str] = {}
        waiting = [cls.template]
        while waiting:
            name = waiting.pop()
            found[name] = (FOLDER / name).read_text(encoding="utf-8")
            named = meta.find_referenced_templates(cls.environment().parse(found[name]))
            waiting += [str(other) for other in named if other not in found]
        return found

    @classmethod
    def digest(cls) -> str:
        """First 12 hex digits of the SHA-256 of the templates: which wording a logged text was made with."""
        return hashlib.sha256("".join(cls.sources().values()).encode()).hexdigest()[:12]


@lru_cache(maxsize=2)
def environment(page: bool = False) -> Environment:
    """Strict about missing values; every printed plain string is made one inert line, of Markdown or of a page (HTML)."""
    found = Environment(
        loader=FileSystemLoader(FOLDER),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_escaped if page else _inert,
        autoescape=False,
    )
    found.filters.update(quoting.PAGE_FILTERS if page else quoting.FILTERS)
    found.filters.update(units.FILTERS)
    return found


def _escaped(value: object) -> object:
    """What `{{ value }}` prints in a page."""
    return quoting.escaped(value) if isinstance(value, str) and not isinstance(value, quoting.Safe) else _inert(value)


def _inert(value: object) -> object:
    """What `{{ value }}` prints. Numbers with a unit and absent values must go through a filter, or it is our bug."""
    if isinstance(value, quoting.Safe | Undefined):
        return value
    if isinstance(value, str):
        return quoting.line(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise TypeError(f"a template prints {type(value).__name__} without a filter")
