"""Settings of ``jira_configs``: an issue for each group."""

from dataclasses import dataclass
from typing import Any, Literal

from tapewatch.alerting.channels.settings.common import ChannelSettings, Faults
from tapewatch.alerting.channels.settings.forms import Url
from tapewatch.document.fields import option
from tapewatch.document.nodes import Mapping, Node, Scalar, Sequence
from tapewatch.document.reading import NOTHING, Reader
from tapewatch.document.types import DurationMs


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    template: str = option("The words.", default="")
    enable_update: bool = option("Whether a known issue is changed.", default=True)


@dataclass(frozen=True, slots=True)
class JiraField:
    """Words, and whether they are written again when the issue is there already."""

    template: str
    enable_update: bool = True

    @classmethod
    def read_node(cls, node: Node, reader: Reader, path: str) -> Any:
        """Read a text, or a mapping with ``template`` and ``enable_update``."""
        if isinstance(node, Scalar):
            return cls(node.text)
        words = reader.read(node, _Words, path)
        return words if words is NOTHING else cls(words.template, words.enable_update)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Values:
    values: tuple[str, ...] = option("The labels.", default=())
    enable_update: bool = option("Whether a known issue is changed.", default=True)


@dataclass(frozen=True, slots=True)
class JiraLabels:
    """Labels, and whether they are written again when the issue is there already."""

    values: tuple[str, ...] = ()
    enable_update: bool = True

    @classmethod
    def read_node(cls, node: Node, reader: Reader, path: str) -> Any:
        """Read a list, or a mapping with ``values`` and ``enable_update``."""
        if isinstance(node, Sequence):
            node = Mapping({"values": node}, node.line)
        read = reader.read(node, _Values, path)
        return read if read is NOTHING else cls(read.values, read.enable_update)


@dataclass(frozen=True, slots=True, kw_only=True)
class JiraSettings(ChannelSettings):
    """One project of Jira."""

    SHARED = {("api_url",): ("jira_api_url",)}
    NEEDED = {("api_url",): "no server: set api_url, or jira_api_url in global"}

    api_url: Url = option("Jira's API.", default="")
    api_type: Literal["auto", "cloud", "datacenter"] = option("Which Jira.", default="auto")
    project: str = option("The project's key.", default="")
    summary: JiraField = option(
        "The title.", default=JiraField('{{ template "jira.default.summary" . }}')
    )
    description: JiraField = option(
        "The words.", default=JiraField('{{ template "jira.default.description" . }}')
    )
    labels: JiraLabels = option("Labels of the issue.", default=JiraLabels())
    priority: str = option("The priority.", default='{{ template "jira.default.priority" . }}')
    issue_type: str = option("The type of issue.", default="")
    reopen_transition: str = option("What opens an issue again.", default="")
    resolve_transition: str = option("What resolves an issue.", default="")
    wont_fix_resolution: str = option("Issues with this resolution stay closed.", default="")
    reopen_duration: DurationMs = option(
        "How long a resolved issue is opened again instead of a new one; 0 is for ever.", default=0
    )
    fields: dict[str, Any] = option("Further fields.", default_factory=dict)

    def faults(self) -> Faults:
        """Check that we know where and what."""
        for name in ("project", "issue_type"):
            if not getattr(self, name):
                yield name, "must not be empty"
