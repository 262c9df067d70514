"""Which commands and options there are.

Each group of commands is a module with an `add_commands(add, group)`. Their imports are light: a
command imports what it needs when it runs.
"""

import argparse
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from ohx_desktop import __version__
from ohx_desktop.domain.errors import UsageError

_GROUPS = (
    "devices",
    "decode",
    "filing",
    "queue",
    "tray",
    "links",
    "sync",
    "audit",
    "ehr",
    "mapping",
    "staff",
    "config",
    "key",
    "doctor",
    "selfcheck",
)

_DESCRIPTION = """\
Reads blood-pressure cuffs over Bluetooth, has a person confirm each reading, and delivers it to
the clinic's EHR as FHIR. Without a command the window opens."""


class Parser(argparse.ArgumentParser):
    """Wrong usage is an OhxError too, so that --json gets its object.

    Options are never shortened: `--js` would be one thing today and another tomorrow.
    """

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **{"allow_abbrev": False, **more})

    def error(self, message: str) -> NoReturn:
        """Raise UsageError."""
        raise UsageError(message, hint=f"see: {self.prog} --help")


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options of a command line. Raises UsageError; ends the program after --help.

    Where there is no command the commands are not built: the window must not wait for them.
    """
    options, rest = _window_parser(_common_parser(), with_help=False).parse_known_args(arguments)
    return build_parser().parse_args(arguments) if rest else options


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    common = _common_parser()
    parser = _window_parser(common, with_help=True)
    commands = parser.add_subparsers(metavar="COMMAND", parser_class=Parser)

    def add(name: str, run: Callable[..., Any], help_: str, **more: Any) -> argparse.ArgumentParser:
        command = commands.add_parser(
            name, help=help_, description=more.pop("description", help_), parents=[common], **more
        )
        command.set_defaults(run=run)
        return command

    def group(name: str, help_: str) -> Callable[..., argparse.ArgumentParser]:
        parent = commands.add_parser(name, help=help_, description=help_, parents=[common])
        inner = parent.add_subparsers(metavar="COMMAND", required=True, parser_class=Parser)

        def add_inner(inner_name: str, run: Callable[..., Any], inner_help: str) -> Any:
            command = inner.add_parser(
                inner_name, help=inner_help, description=inner_help, parents=[common]
            )
            command.set_defaults(run=run)
            return command

        return add_inner

    for module in _GROUPS:
        import_module(f"ohx_desktop.cli.{module}").add_commands(add, group)
    return parser


def _common_parser() -> Parser:
    common = Parser(add_help=False)
    everywhere = common.add_argument_group("options of every command")
    everywhere.add_argument(
        "--profile",
        type=Path,
        metavar="DIR",
        default=argparse.SUPPRESS,
        help="keep settings, queue and logs under DIR (also: OHX_PROFILE)",
    )
    everywhere.add_argument(
        "--json",
        action="store_true",
        default=argparse.SUPPRESS,
        help="print NDJSON on stdout and everything else on stderr",
    )
    everywhere.add_argument(
        "--debug", action="store_true", default=argparse.SUPPRESS, help="show tracebacks"
    )
    return common


def _window_parser(common: Parser, *, with_help: bool) -> Parser:
    parser = Parser(
        prog="ohx-desktop", description=_DESCRIPTION, parents=[common], add_help=with_help
    )
    parser.add_argument("--version", action="version", version=f"ohx-desktop {__version__}")
    parser.add_argument(
        "--demo", action="store_true", help="virtual devices and an embedded sandbox EHR"
    )
    parser.add_argument(
        "--offscreen",
        metavar="DIR",
        type=Path,
        help="with --demo: walk the window without a display and save its pictures in DIR",
    )
    return parser
