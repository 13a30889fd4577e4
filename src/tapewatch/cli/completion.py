"""``tapewatch completion``."""

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """
    Print the lines that set up completion in your shell.

    \b
    Examples:
      tapewatch completion bash >> ~/.bashrc
      tapewatch completion fish > ~/.config/fish/completions/tapewatch.fish
    """
    kind = get_completion_class(shell)
    assert kind is not None
    root = ctx.find_root().command
    click.echo(kind(root, {}, "tapewatch", "_TAPEWATCH_COMPLETE").source())
