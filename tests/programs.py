"""Programs that tests run and that are no packages of Python's; python -m tests.programs installs those missing."""

import sys

from native.packages.debian import NotInstalled, install_if_missing

PROGRAMS = {
    "curl": "curl",
    "chromium": "chromium",
    "chromedriver": "chromium-driver",
    "promtool": "prometheus",
    "amtool": "prometheus-alertmanager",
    "mtail": "mtail",
}
"""program → Debian's package"""

if __name__ == "__main__":
    try:
        install_if_missing(PROGRAMS)
    except NotInstalled as error:
        sys.exit(str(error))
