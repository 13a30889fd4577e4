"""What the verbs that ask questions share: whom to ask, and how a refusal is told."""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from tapewatch.cli import exits
from tapewatch.cli.output import tell
from tapewatch.client.errors import BadQuestion, ServerRefused, ServerUnreachable
from tapewatch.metrics.promql.errors import QueryRefused, QuerySyntaxError, SyntaxFault
from tapewatch.model.errors import BadText, TapewatchError

F = TypeVar("F", bound=Callable[..., Any])

_PLACE: Final = re.compile(r"(\d+):(\d+): parse error: (.*)", re.DOTALL)


def source_options(command: F) -> F:
    """Add ``--url`` and ``--data`` to a verb."""
    url = click.option(
        "--url",
        metavar="URL",
        help="A server that speaks Prometheus' API. "
        "[default: $TAPEWATCH_URL, else http://127.0.0.1:7600]",
    )
    data = click.option(
        "--data",
        type=click.Path(path_type=Path),
        metavar="DIRECTORY",
        help="A data directory that no server uses, instead of a server.",
    )
    return url(data(command))


def chosen_source(url: str | None, data: Path | None) -> str | Path | None:
    """Return what was named; both at once is a slip."""
    if url is not None and data is not None:
        raise click.UsageError("--url and --data exclude each other: name one")
    return data if data is not None else url


@contextmanager
def told_refusals(text: str = "") -> Iterator[None]:
    """Tell why a question has no answer, with a caret under the place, and leave."""
    try:
        yield
    except QuerySyntaxError as fault:
        for each in fault.faults:
            tell(f"{fault.describe(each)}\n{caret(fault.text, each)}")
        sys.exit(exits.UNUSABLE)
    except ServerRefused as fault:
        place = _PLACE.search(fault.message)
        tell(f"tapewatch: {fault}")
        if place and text:
            tell(caret(text, _fault_at(text, int(place[1]), int(place[2]), place[3])))
        sys.exit(exits.UNUSABLE if fault.kind == "bad_data" else exits.FAILED)
    except (QueryRefused, BadText, BadQuestion) as fault:
        tell(f"tapewatch: {fault}")
        sys.exit(exits.UNUSABLE)
    except ServerUnreachable as fault:
        tell(f"tapewatch: {fault}")
        sys.exit(exits.UNREACHABLE)
    except TapewatchError as fault:
        tell(f"tapewatch: {fault}")
        sys.exit(exits.FAILED)


def caret(text: str, fault: SyntaxFault) -> str:
    """Show the line of a text that a fault is on, and where on it."""
    begin = text.rfind("\n", 0, fault.start) + 1
    line = text[begin:].partition("\n")[0]
    column = fault.start - begin
    length = max(min(fault.end - fault.start, len(line) - column), 1)
    return f"  {line}\n  {' ' * column}{'^' * length}"


def _fault_at(text: str, line: int, column: int, message: str) -> SyntaxFault:
    start = sum(len(each) + 1 for each in text.split("\n")[: line - 1]) + column - 1
    return SyntaxFault(start, start + 1, message)
