"""What ``python -m neuroflow`` and the command ``neuroflow`` start."""

import sys


def main() -> None:
    """Run the command line."""
    try:
        from neuroflow.cli import main as command_line
    except KeyboardInterrupt:  # a tenth of a second in which nothing was begun yet
        sys.exit(130)
    command_line()


if __name__ == "__main__":
    main()
