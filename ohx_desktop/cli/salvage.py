"""`queue salvage`: what is whole of a damaged queue is saved, and what is lost is told."""

import argparse

from ohx_desktop.cli.output import Output
from ohx_desktop.domain.errors import ExitCode


def run_salvage(options: argparse.Namespace, out: Output) -> int:
    """Save what is whole, and tell what is lost."""
    from ohx_desktop.app.salvage import salvage_queue

    report = salvage_queue(options.profile)
    if report is None:
        out.note("the queue is whole; nothing was changed")
        return ExitCode.DONE
    out.item(report.to_json(), "\n".join(report.sentences()))
    out.note("the damaged file stays beside the queue; keep it until nothing is missed")
    return ExitCode.DATA if report.is_lacking else ExitCode.DONE
