"""The steps a document can need, as data. `text` is what the journal and the progress line say.

Whether a step is needed is decided in `system_steps`, `mirror_steps` and `network_steps`, all pure; `apply`
does them. A step holds no secret that its text could show.
"""

from __future__ import annotations

from dataclasses import dataclass

from piston_iac.node_document import File, Interface


@dataclass(frozen=True)
class SetHostname:
    """Give this machine its name."""

    name: str

    @property
    def text(self) -> str:
        """For the journal."""
        return f"set host name {self.name}"


@dataclass(frozen=True)
class EraseDisk:
    """Remove every signature from a disk that the document names under `wipe`."""

    device: str
    serial: str
    marker: str

    @property
    def text(self) -> str:
        """For the journal."""
        return f"erase disk {self.serial} ({self.marker})"


@dataclass(frozen=True)
class MakeMirror:
    """Make a btrfs raid10 over blank disks."""

    label: str
    devices: tuple[str, ...]
    serials: tuple[str, ...]

    @property
    def text(self) -> str:
        """For the journal."""
        return f"make local mirror {self.label} of disks {', '.join(self.serials)}"


@dataclass(frozen=True)
class MountMirror:
    """Mount the mirror; degraded where it cannot be mounted whole."""

    devices: tuple[str, ...]
    mount: str

    @property
    def text(self) -> str:
        """For the journal."""
        return f"mount local mirror at {self.mount}"


@dataclass(frozen=True)
class ReplaceDisk:
    """Copy what a disk of the mirror held, from its twin, to another disk that takes its place.

    `member` is btrfs's number of the disk that is gone; `mount` where the mirror is mounted.
    """

    member: int
    device: str
    serial: str
    mount: str

    @property
    def text(self) -> str:
        """For the journal."""
        return f"replace missing disk {self.member} of the local mirror by {self.serial}"


@dataclass(frozen=True)
class ConvertMirror:
    """Bring every block of the mirror back to RAID1+0, while it is in use."""

    mount: str

    @property
    def text(self) -> str:
        """For the journal."""
        return "bring the local mirror back to raid10"


@dataclass(frozen=True)
class CapImageCache:
    """Let the images below the mirror take so much, bytes; and make their place."""

    mount: str
    limit_bytes: int

    @property
    def text(self) -> str:
        """For the journal."""
        return f"let the image cache take {self.limit_bytes} bytes"


@dataclass(frozen=True)
class WriteFile:
    """Replace a file and note which units have to be restarted for it."""

    file: File

    @property
    def text(self) -> str:
        """For the journal."""
        return f"write {self.file.path}"


@dataclass(frozen=True)
class RestartUnit:
    """Restart a unit because a file of it changed."""

    unit: str

    @property
    def text(self) -> str:
        """For the journal."""
        return f"restart {self.unit}"


@dataclass(frozen=True)
class ReloadUnit:
    """Have a unit read its files again, because one of them changed. It goes on meanwhile."""

    unit: str

    @property
    def text(self) -> str:
        """For the journal."""
        return f"reload {self.unit}"


@dataclass(frozen=True)
class ForgetRestart:
    """Forget that a file of a unit changed: it does not run, so it reads the new file when it starts."""

    unit: str

    @property
    def text(self) -> str:
        """For the progress line; nothing of the node changes."""
        return f"leave {self.unit} stopped"


@dataclass(frozen=True)
class RecoverService:
    """Have the data of a service made anew from peers that have it."""

    service: str
    command: tuple[str, ...]

    @property
    def text(self) -> str:
        """For the journal."""
        return f"recover {self.service} from its peers"


@dataclass(frozen=True)
class StartUnit:
    """Start a unit that is to be active."""

    unit: str

    @property
    def text(self) -> str:
        """For the journal."""
        return f"start {self.unit}"


@dataclass(frozen=True)
class StopStranger:
    """Stop a unit that neither the image nor the document knows."""

    unit: str

    @property
    def text(self) -> str:
        """For the journal."""
        return f"stop {self.unit}, which is not of this node"


@dataclass(frozen=True)
class RemoveFlow:
    """Take an OpenFlow rule from a bridge. `match` with its priority, as ovs-ofctl prints it."""

    bridge: str
    match: str

    @property
    def text(self) -> str:
        """For the journal."""
        return f"remove flow {self.match} from {self.bridge}"


@dataclass(frozen=True)
class StartSwitch:
    """Start Open vSwitch. `uplink` is the card that will carry its traffic."""

    system_id: str
    uplink: str

    @property
    def text(self) -> str:
        """For the journal."""
        return "start Open vSwitch"


@dataclass(frozen=True)
class Ovs:
    """One transaction of ovs-vsctl: `arguments` after the options. `what` says it in words."""

    what: str
    arguments: tuple[str, ...]

    @property
    def text(self) -> str:
        """For the journal."""
        return self.what


@dataclass(frozen=True)
class LinkUp:
    """Bring a link up."""

    link: str

    @property
    def text(self) -> str:
        """For the journal."""
        return f"bring {self.link} up"


@dataclass(frozen=True)
class SetAddress:
    """Give an interface its one address and take others from it. `others` are CIDR."""

    interface: Interface
    others: tuple[str, ...]
    missing: bool

    @property
    def text(self) -> str:
        """For the journal."""
        return f"set address of {self.interface.name} to {self.interface.address or 'none'}"


@dataclass(frozen=True)
class SetGateway:
    """Set the default route."""

    gateway: str

    @property
    def text(self) -> str:
        """For the journal."""
        return f"set default gateway {self.gateway}"


Step = (
    SetHostname
    | EraseDisk
    | MakeMirror
    | MountMirror
    | ReplaceDisk
    | ConvertMirror
    | CapImageCache
    | WriteFile
    | RestartUnit
    | ReloadUnit
    | ForgetRestart
    | RecoverService
    | StartUnit
    | StopStranger
    | RemoveFlow
    | StartSwitch
    | Ovs
    | LinkUp
    | SetAddress
    | SetGateway
)


@dataclass(frozen=True)
class Plan:
    """Steps in order, and faults: what stands in the way and what the operator can do, one line each."""

    steps: tuple[Step, ...] = ()
    faults: tuple[str, ...] = ()
