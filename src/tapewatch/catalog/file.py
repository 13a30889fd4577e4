"""
The format: what may stand in a file of a pack.

Every ``*.yaml`` of a pack's folder (but those in ``tests``) is one ``CatalogFile``: any of these
sections, each a mapping from names to what they name. How they are spread over files is the
writer's choice; a name is declared once. Runbooks are the Markdown files in ``runbooks``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, get_args

from tapewatch.catalog.channel import Action, Channel
from tapewatch.catalog.dashboard import Dashboard
from tapewatch.catalog.log_query import LogQuery
from tapewatch.catalog.maintenance import Maintenance
from tapewatch.catalog.metric import Label, Metric
from tapewatch.catalog.objective import Objective
from tapewatch.catalog.people import Owner, Schedule
from tapewatch.catalog.platform import Limit, Platform
from tapewatch.catalog.rule import Alert, RecordingRule
from tapewatch.catalog.service import Service
from tapewatch.document.fields import option, settings_of


@dataclass(frozen=True, slots=True)
class CatalogFile:
    """One file of a pack."""

    platform: Platform | None = option(
        "What holds for everything; in one file of the pack.", default=None
    )
    owners: dict[str, Owner] = option("The teams that answer for things.", default_factory=dict)
    schedules: dict[str, Schedule] = option("Who is on call when.", default_factory=dict)
    channels: dict[str, Channel] = option("The places that messages go to.", default_factory=dict)
    actions: dict[str, Action] = option("What alerts can do by themselves.", default_factory=dict)
    services: dict[str, Service] = option("What runs.", default_factory=dict)
    labels: dict[str, Label] = option("Labels that several metrics have.", default_factory=dict)
    metrics: dict[str, Metric] = option("What is measured.", default_factory=dict)
    limits: dict[str, Limit] = option("The numbers that alerts compare with.", default_factory=dict)
    records: dict[str, RecordingRule] = option("Series that are computed.", default_factory=dict)
    alerts: dict[str, Alert] = option("What wakes whom.", default_factory=dict)
    objectives: dict[str, Objective] = option("What is promised.", default_factory=dict)
    dashboards: dict[str, Dashboard] = option("What is looked at.", default_factory=dict)
    log_queries: dict[str, LogQuery] = option("What logs are asked.", default_factory=dict)
    maintenance: dict[str, Maintenance] = option(
        "What is done again and again.", default_factory=dict
    )
    adjust: dict[str, dict[str, Any]] = option(
        "Changes to what comes from the packs in uses: section, name, the settings that differ; "
        "a name without settings is left out.",
        default_factory=dict,
    )


SECTIONS: Final[Mapping[str, type]] = {
    setting.key: get_args(setting.type)[1]
    for setting in settings_of(CatalogFile)
    if setting.key not in ("platform", "adjust")
}
"""The sections that map names to things, in the order in which they are told."""
