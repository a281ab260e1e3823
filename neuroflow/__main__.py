"""``python -m neuroflow``."""

from neuroflow.cli import main

main()
