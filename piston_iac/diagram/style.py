"""What does the picture look like? Colours and fonts.

The picture brings its own light ground, so that it reads the same on light and dark pages. Colours of
networks are those of Okabe and Ito, which stay apart for colour-blind readers.
"""

from __future__ import annotations

from piston_iac.site.schema import NetworkName

SANS = "Helvetica, Arial, 'Liberation Sans', sans-serif"
MONO = "Menlo, Consolas, 'Liberation Mono', monospace"

GROUND = "#fbfcfe"
EDGE = "#cfd6df"
INK = "#1f2733"
FAINT = "#5b6675"
WHITE = "#ffffff"
SWITCH = "#2b3544"
ON_SWITCH = "#ffffff"
FAINT_ON_SWITCH = "#c3ccd8"
TRAY = "#e3e8ef"

NETWORK = {
    NetworkName.MANAGEMENT: "#0072b2",
    NetworkName.SERVICE: "#e69f00",
    NetworkName.HOST: "#009e73",
    NetworkName.CLOUD: "#cc79a7",
    NetworkName.PUBLIC: "#d55e00",
}
TRANSIT = "#7b8694"

LOCAL_DISK = "#8b97a7"
OSD_DISK = "#4b3f72"
