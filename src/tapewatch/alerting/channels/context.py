"""
The message that a channel sends: our own story, the data for templates, and a picture.

Everything in it has passed the privacy filter of the channel; a channel never sees more.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from tapewatch.alerting.channels.story import Story
from tapewatch.alerting.templates import Data, Words
from tapewatch.watch.errors import TemplateFault


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart as an image."""

    png: bytes
    words: str
    """What it shows, for those who do not see it."""

    name: str = "chart.png"


@dataclass(slots=True)
class Context:
    """One notification in the words of one channel."""

    data: Data
    words: Words
    picture: Picture | None = None
    faults: list[str] = field(default_factory=list)
    """Templates that failed; what they were to say was said plainly instead."""

    @property
    def story(self) -> Story:
        """The message that we write ourselves."""
        return self.data.story

    def text(self, template: str, plain: Callable[[], str] | str = "") -> str:
        """Render a template; where it fails, say ``plain`` and keep the fault."""
        return self._render(self.words.text, template, plain)

    def html(self, template: str, plain: Callable[[], str] | str = "") -> str:
        """Render a template as HTML, every value escaped for its place."""
        return self._render(self.words.html, template, plain)

    def _render(
        self, render: Callable[[str, Data], str], template: str, plain: Callable[[], str] | str
    ) -> str:
        if "{{" not in template:
            return template
        try:
            return render(template, self.data)
        except TemplateFault as fault:
            self.faults.append(str(fault))
            return plain() if callable(plain) else plain
