"""`piston status [SITE]`: nodes, BMCs, switches, boot node and Ceph, wanted and seen. Changes nothing.

Exit status: 0 all as wanted, 1 something is not or could not be seen, 2 misuse. The JSON is described in
`piston_iac.status.document`.
"""

from __future__ import annotations

import argparse
import io
import sys
from datetime import UTC, datetime

from rich.console import Console
from rich.live import Live

from piston_iac.cli.chosen_site import add_site_argument, chosen_site, misuse
from piston_iac.cli.open_site import PROJECT_DIR, open_site
from piston_iac.cli.progress import ask_with_progress
from piston_iac.errors import SetupError
from piston_iac.status.document import to_json
from piston_iac.status.look import Looking, looking
from piston_iac.status.model import Status
from piston_iac.status.render import render
from piston_iac.status.watch import Watch

# How often the screen is drawn.
_DRAW_S = 0.5
# Without a terminal nothing wraps: one difference stays one line for grep.
_ENDLESS = 1000


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `status` to the command line."""
    text = "show nodes, BMCs, switches, boot node and Ceph: wanted and seen"
    parser = subparsers.add_parser("status", help=text, description=text)
    add_site_argument(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--once", action="store_true", help="print once, on a terminal too")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Show it. 0 when all is as wanted, 1 when not, 2 on misuse."""
    try:
        name = chosen_site(options.site)
    except SetupError as error:
        return misuse(error)
    live = sys.stdout.isatty() and not (options.once or options.json)
    look = looking(open_site(name), PROJECT_DIR)
    if live:
        return _live(look)
    status = look.status(ask_with_progress(look.probes), _now())
    if options.json:
        sys.stdout.write(to_json(status))
    else:
        _print(status)
    return exit_status(status)


def exit_status(status: Status) -> int:
    """0 when all is as wanted."""
    return 0 if status.as_wanted else 1


def _print(status: Status) -> None:
    if sys.stdout.isatty():
        Console(highlight=False).print(render(status))
        return
    printed = io.StringIO()
    Console(file=printed, width=_ENDLESS, highlight=False).print(render(status))
    # Tables pad their cells.
    sys.stdout.writelines(f"{line.rstrip()}\n" for line in printed.getvalue().splitlines())


def _live(look: Looking) -> int:
    """Draw until Ctrl-C, then leave the last picture on the terminal."""
    watch, console = Watch(look.probes), Console(highlight=False)
    try:
        with Live(console=console, screen=True, auto_refresh=False) as screen:
            while True:
                watch.turn(_DRAW_S)
                status = look.status(watch.latest, _now(), watch.waiting())
                screen.update(render(status, console.height), refresh=True)
    except KeyboardInterrupt:
        watch.stop()
    status = look.status(watch.latest, _now())
    console.print(render(status))
    return exit_status(status)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
