"""What ``python -m neuroflow`` and the command ``neuroflow`` start."""

import sys


def main() -> None:
    """Run the command line, or say what it may go on with."""
    if sys.argv[1:2] == ["--complete"]:  # asked by a shell at every press of a key
        from neuroflow.completing import main as complete

        complete(sys.argv[2:])
        return
    try:
        from neuroflow.cli import main as command_line
    except KeyboardInterrupt:  # a tenth of a second in which nothing was begun yet
        sys.exit(130)
    command_line()


if __name__ == "__main__":
    main()
