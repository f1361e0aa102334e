"""The commands for the shell: completion, and the manual page."""

import click
from click.shell_completion import get_completion_class

from .answer import Answer
from .options import command

SHELLS = ("bash", "zsh", "fish")


@command()
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> Answer:
    """Prints the script that completes commands, options and their values.

    \b
    bash:  vidsharp completion bash > ~/.local/share/bash-completion/completions/vidsharp
    zsh:   vidsharp completion zsh > ~/.zfunc/_vidsharp   (with fpath+=~/.zfunc before compinit)
    fish:  vidsharp completion fish > ~/.config/fish/completions/vidsharp.fish
    """
    kind = get_completion_class(shell)
    assert kind is not None
    group = click.get_current_context().find_root().command
    # Not `source()`, which asks the bash of this machine for its version.
    made = kind(group, {}, "vidsharp", "_VIDSHARP_COMPLETE")
    script = made.source_template % made.source_vars()
    return Answer({"script": script}, lambda: click.echo(script))


@command()
def man() -> Answer:
    """Prints the manual page of all commands.

    \b
    Read it:     vidsharp man | man -l -
    Install it:  vidsharp man > ~/.local/share/man/man1/vidsharp.1
    """
    from .man_page import man_page

    group = click.get_current_context().find_root().command
    assert isinstance(group, click.Group)
    page = man_page(group, "vidsharp")
    return Answer({"page": page}, lambda: click.echo(page, nl=False))
