"""``tapewatch drill``: let something go wrong, and see who is told, how soon, and of what else."""

import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from tapewatch.cli import exits
from tapewatch.cli.output import emit, json_option, table, tell

if TYPE_CHECKING:
    from tapewatch.drill.outcome import Run

record_option = click.option(
    "--record",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("tapewatch-drill.json"),
    show_default=True,
    help="Where the drill is kept.",
)
seed_option = click.option(
    "--seed", type=int, help="The same seed gives the same floor. [default: another each time]"
)


@click.group()
def drill() -> None:
    """
    Hold drills on the sample floor: nobody is paged, everything goes to an inbox.

    \b
    Examples:
      tapewatch drill run hft
      tapewatch drill run FeedStale venue_ban --clock played
      tapewatch drill run --all --json
      tapewatch drill report --html > drill.html
      tapewatch drill quiet
    """


@drill.command()
@click.argument("targets", metavar="[PACK|ALERT|FAULT]...", nargs=-1)
@click.option("--all", "whole", is_flag=True, help="Drill all five packs, and a quiet hour.")
@click.option(
    "--clock",
    type=click.Choice(["played", "real", "both"]),
    default="both",
    show_default=True,
    help="Play time as fast as it goes, hold pages without a `for` on the machine's clock, or "
    "do both, one after the other.",
)
@seed_option
@record_option
@json_option
def run(
    targets: tuple[str, ...],
    *,
    whole: bool,
    clock: str,
    seed: int | None,
    record: Path,
    as_json: bool,
) -> None:
    """
    Let faults loose, and check that their alerts fire, are told, and end.

    Each alert must fire for its fault, reach its channels with a message that they take, and end
    after the fault. What fires besides has to be a declared consequence. Ends with status 1 where
    something was not as it has to be; the last line with --json is one JSON value.
    """
    from tapewatch.drill.conductor import conduct
    from tapewatch.drill.errors import DrillError
    from tapewatch.drill.plan import plans
    from tapewatch.model.clock import SystemClock

    if bool(targets) == whole:
        raise click.UsageError("name what to drill, or say --all")
    try:
        made = conduct(
            plans(targets),
            seed=_seed(seed),
            clock=SystemClock(),
            tell=tell,
            played=clock != "real",
            real=clock != "played",
            quiet=whole,
        )
    except DrillError as fault:
        tell(f"tapewatch: {fault}")
        sys.exit(exits.FAILED)
    _finish(made, record, as_json=as_json)


@drill.command()
@click.argument("packs", metavar="[PACK]...", nargs=-1)
@seed_option
@record_option
@json_option
def quiet(packs: tuple[str, ...], seed: int | None, record: Path, *, as_json: bool) -> None:
    """Play an hour in which nothing goes wrong: nobody may be paged."""
    from tapewatch.drill.conductor import quiet_hours
    from tapewatch.floor.cast import CASTS
    from tapewatch.model.clock import SystemClock

    unknown = [name for name in packs if name not in CASTS]
    if unknown:
        raise click.BadParameter(f"{unknown[0]!r} has no desk: take {', '.join(CASTS)}")
    chosen = packs or tuple(CASTS)
    made = quiet_hours(chosen, seed=_seed(seed), clock=SystemClock(), tell=tell)
    _finish(made, record, as_json=as_json)


@drill.command()
@click.option("--markdown", "form", flag_value="markdown", default=True, help="In Markdown.")
@click.option("--html", "form", flag_value="html", help="As a page.")
@click.option("--json", "form", flag_value="json", help="Everything, as JSON.")
@record_option
def report(form: str, record: Path) -> None:
    """Report the last drill."""
    from tapewatch.drill.errors import DrillError
    from tapewatch.drill.record import recall
    from tapewatch.drill.report import markdown, page

    try:
        made = recall(record)
    except DrillError as fault:
        tell(f"tapewatch: {fault}")
        sys.exit(exits.FAILED)
    if form == "json":
        told = {"summary": made.summary(), **made.to_plain()}
        click.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2))
    else:
        click.echo(page(made) if form == "html" else markdown(made), nl=False)


def _seed(seed: int | None) -> int:
    return random.randrange(1 << 30) if seed is None else seed  # noqa: S311  # a game


def _finish(made: "Run", record: Path, *, as_json: bool) -> None:
    from tapewatch.drill.record import keep

    keep(made, record)
    if as_json:
        # One line, so that the end of a log can be read by programs.
        click.echo(orjson.dumps(made.summary()))
    else:
        emit(made.summary(), as_json=False, words=lambda told: _say(made, told))
    sys.exit(exits.FINE if made.good else exits.FAILED)


def _say(made: "Run", told: dict[str, Any]) -> None:
    rows = (
        (
            each.pack,
            each.alert,
            each.fault,
            each.clock,
            "yes" if each.fired else "NO",
            f"{each.detect_s:.2f} s" if each.fired else "",
            ", ".join(each.channels) or ("held back" if each.held_back else ""),
            "" if each.resolved_s is None else f"{each.resolved_s:.0f} s",
        )
        for each in made.alerts
    )
    columns = ("pack", "alert", "fault", "clock", "fired", "seen after", "told to", "over after")
    table(columns, rows)
    for words in told["failed"]:
        tell(f"failed: {words}")
    for each in made.faults:
        if each.noise:
            tell(f"noise: {each.pack}/{each.fault} set off {', '.join(each.noise)}")
    for hour in made.quiet:
        tell(f"quiet: {hour.pack} paged {len(hour.pages)} times {' '.join(hour.pages)}".rstrip())
    tell(
        f"{told['fired']} of {told['alerts']} alerts fired, precision {told['precision']:.3f}, "
        f"in {made.wall_s:.0f} s; `tapewatch drill report` says more"
    )
