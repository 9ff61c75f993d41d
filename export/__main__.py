"""``python -m export``."""

import sys

from export.command_line import main

sys.exit(main())
