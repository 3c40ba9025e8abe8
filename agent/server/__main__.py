"""`python -m agent.server`."""

import sys

from agent.server.main import main

sys.exit(main())
