"""Write docs/observed.md, or the file that is named."""

from __future__ import annotations

import sys
from pathlib import Path

from piston_iac.dynamic_providers.ownership.page import page

if __name__ == "__main__":
    Path(sys.argv[1] if len(sys.argv) > 1 else "docs/observed.md").write_text(page())
