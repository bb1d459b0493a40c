"""``python -m cellctl`` is ``cellctl``."""

import sys

from cellctl.cli.main import main

sys.exit(main())
