"""Start: hands over to the window or to a command, and imports nothing heavy for either."""

import sys

from ohx_desktop.cli.main import run


def main() -> None:
    """Run the program with the arguments of this process."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
