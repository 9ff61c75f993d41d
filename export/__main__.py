"""``python -m export``."""

import sys

from export.crash_guard import main

sys.exit(main())
