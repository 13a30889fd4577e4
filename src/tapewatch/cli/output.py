"""
What a verb prints: tables for people, one JSON value for programs.

Results go to standard output, everything else to standard error, so a pipe carries results only.
"""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON value.")


class Advance(Protocol):
    """Moves a progress bar on."""

    def __call__(self, amount: int = 1) -> None: ...


def emit(value: Any, *, as_json: bool, words: Callable[[Any], None]) -> None:
    """Print ``value`` as JSON, or let ``words`` print it for a person."""
    if as_json:
        click.echo(json.dumps(value, default=str, ensure_ascii=False))
    else:
        words(value)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under their headings; plain and tab-separated where nobody is looking."""
    if not sys.stdout.isatty():
        for row in rows:
            click.echo("\t".join(str(cell) for cell in row))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for row in rows:
        drawn.add_row(*(Text(str(cell)) for cell in row))
    Console().print(drawn)


def tell(message: str) -> None:
    """Say something that is not the result."""
    click.echo(message, err=True)


@contextmanager
def progress(title: str, total: int) -> Iterator[Advance]:
    """Show how far long work has come, where a terminal is there to show it on."""
    if not sys.stderr.isatty():
        yield lambda _amount=1: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=total)

        def advance(amount: int = 1) -> None:
            bar.advance(task, amount)

        yield advance


def human_bytes(size_bytes: int) -> str:
    """Write a size for a person: three digits and a unit."""
    size = float(size_bytes)
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if size < 1024 or unit == "TB":
            return f"{size:.0f} {unit}" if unit == "B" or size >= 100 else f"{size:.1f} {unit}"
        size /= 1024
    raise AssertionError("unreachable")
