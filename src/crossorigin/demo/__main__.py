"""Run the demo: `python -m crossorigin.demo`."""

import sys

from crossorigin.demo.command import main

if __name__ == "__main__":
    sys.exit(main())
