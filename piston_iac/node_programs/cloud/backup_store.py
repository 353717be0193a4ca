"""Where backups lie: objects in the cluster storage, in a namespace of their own.

`chains` has the id of every chain that was begun. `<id>/manifest` is written last: a chain without it does
not count. `latest` says how far the newest chain goes. `lock` is held by the one host that makes backups.
Every call is bounded by Ceph's own time limits, and raises `StorageAway` when the storage does not answer.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import rados

from piston_iac import ceph_layout
from piston_iac import cloud_layout as layout
from piston_iac.node_programs.cloud.backup_chain import PART_BYTES, Chain, Piece, chain_of
from piston_iac.node_programs.program import Fault

_LIMIT_S, _MOST_BYTES = 20, 16 * 1024**2
_MAY_RENEW = 1
_LOCK, _CHAINS, _LATEST = "lock", "chains", "latest"
_MOST_CHAINS = 10_000
_SPEED = 1


class StorageAway(Fault):
    """The cluster storage does not do what it is asked for."""


class Damaged(Fault):
    """What is stored is not what was written."""


class Store:
    """Backups of one site. Not for several threads."""

    def __init__(self, pool: rados.Ioctx) -> None:
        self._pool = pool

    def hold(self, cookie: str, host: str, duration_s: int) -> bool:
        """Take the lock, or keep it for another `duration_s`; False while another one has it."""
        try:
            self._pool.lock_exclusive(_LOCK, "maker", cookie, host, duration_s, _MAY_RENEW)
        except rados.ObjectBusy:
            return False
        except rados.Error as error:
            raise _away(error) from None
        return True

    def begin(self, chain: str) -> None:
        """Note a chain before anything of it is written, so that what is left of it can be found."""
        with rados.WriteOpCtx() as op:
            self._pool.set_omap(op, (chain,), (b"",))
            self._do(lambda: self._pool.operate_write_op(op, _CHAINS))

    def known(self) -> list[str]:
        """Ids of all chains, whole or not, oldest first."""
        with rados.ReadOpCtx() as op:
            found, _ = self._pool.get_omap_vals(op, "", "", _MOST_CHAINS)
            try:
                self._pool.operate_read_op(op, _CHAINS)
            except rados.ObjectNotFound:
                return []
            except rados.Error as error:
                raise _away(error) from None
            return sorted(str(name) for name, _ in found)

    def manifest(self, chain: str) -> Chain | None:
        """A chain's manifest; None for one that is not whole."""
        raw = self._read(_manifest(chain))
        if raw is None:
            return None
        try:
            return chain_of(raw)
        except ValueError:
            # Of another release, or damaged: neither can be used here.
            return None

    def unfinished(self) -> list[str]:
        """Ids of chains that have no manifest, not even one that cannot be read."""
        return [it for it in self.known() if not self._exists(_manifest(it))]

    def whole(self) -> list[Chain]:
        """All chains that count, oldest first."""
        return [it for it in map(self.manifest, self.known()) if it is not None]

    def put_manifest(self, chain: Chain) -> None:
        """From now on the chain counts, as far as it says."""
        self._write(_manifest(chain.id), chain.to_json())
        latest = {"chain": chain.id, "start": chain.start, "until": chain.until}
        self._write(_LATEST, json.dumps(latest).encode())

    def latest(self) -> tuple[str, int, int]:
        """Id, first and last moment of the newest chain; ("", 0, 0) when there is none."""
        raw = self._read(_LATEST)
        try:
            fields = json.loads(raw or b"{}")
            return str(fields["chain"]), int(fields["start"]), int(fields["until"])
        except (KeyError, TypeError, ValueError):
            return "", 0, 0

    def put_part(self, chain: str, number: int, content: bytes) -> None:
        """Store a part of the full copy."""
        self._write(_part(chain, number), content)

    def full(self, chain: Chain) -> Iterator[bytes]:
        """The full copy, unpacked, in blocks of a few MiB.

        Raises:
            Damaged: a part is missing, or the whole has another SHA-256; the latter only at the end.
        """
        digest, unpack, stored = hashlib.sha256(), zlib.decompressobj(), 0
        for number in range(chain.parts):
            content = self._read(_part(chain.id, number))
            if content is None:
                raise Damaged(f"part {number} of backup {chain.id} is missing")
            stored += len(content)
            digest.update(content)
            try:
                while content:
                    yield unpack.decompress(content, PART_BYTES)
                    content = unpack.unconsumed_tail
            except zlib.error:
                raise Damaged(f"part {number} of backup {chain.id} is damaged") from None
        if (stored, digest.hexdigest()) != (chain.stored_bytes, chain.sha256):
            raise Damaged(f"backup {chain.id} is damaged: its SHA-256 is not the one it was made with")
        yield unpack.flush()

    def put_piece(self, chain: str, piece: Piece, content: bytes) -> None:
        """Store a piece of a binary log."""
        head = {"log": piece.log, "start": piece.start, "sha256": hashlib.sha256(content).hexdigest()}
        packed = zlib.compress(content, _SPEED)
        self._write(_piece(chain, piece.number), json.dumps(head).encode() + b"\n" + packed)

    def piece(self, chain: str, piece: Piece) -> bytes:
        """A piece of a binary log as far as the chain goes.

        Raises:
            Damaged: it is missing, or not what it should be.
        """
        what = f"piece {piece.number} of the logs of backup {chain}"
        raw = self._read(_piece(chain, piece.number))
        if raw is None:
            raise Damaged(f"{what} is missing")
        head, _, packed = raw.partition(b"\n")
        try:
            fields = json.loads(head)
            content = zlib.decompress(packed)
            good = hashlib.sha256(content).hexdigest() == fields["sha256"]
            good = good and (fields["log"], fields["start"]) == (piece.log, piece.start)
        except (KeyError, TypeError, ValueError, zlib.error):
            good = False
        if not good or len(content) < piece.end - piece.start:
            raise Damaged(f"{what} is damaged")
        # It may have been sent again, longer, just before its host died.
        return content[: piece.end - piece.start]

    def remove(self, chain: str) -> None:
        """Remove a chain: what makes it count first, what makes it known last. Repeatable."""
        self._remove(_manifest(chain))
        for name in (_part, _piece):
            count = 0
            while self._exists(name(chain, count)):
                count += 1
            # From the end: a removal that is cut short leaves none that is not found again.
            for number in reversed(range(count)):
                self._remove(name(chain, number))
        with rados.WriteOpCtx() as op:
            self._pool.remove_omap_keys(op, (chain,))
            self._do(lambda: self._pool.operate_write_op(op, _CHAINS))

    def _read(self, name: str) -> bytes | None:
        try:
            return bytes(self._pool.read(name, _MOST_BYTES))
        except rados.ObjectNotFound:
            return None
        except rados.Error as error:
            raise _away(error) from None

    def _write(self, name: str, content: bytes) -> None:
        self._do(lambda: self._pool.write_full(name, content))

    def _exists(self, name: str) -> bool:
        try:
            self._pool.stat(name)
        except rados.ObjectNotFound:
            return False
        except rados.Error as error:
            raise _away(error) from None
        return True

    def _remove(self, name: str) -> None:
        with suppress(rados.ObjectNotFound):
            self._do(lambda: self._pool.remove_object(name))

    @staticmethod
    def _do(action: Callable[[], object]) -> None:
        try:
            action()
        except rados.Error as error:
            if isinstance(error, rados.ObjectNotFound):
                raise
            raise _away(error) from None


@contextmanager
def open_store(keyring: str = layout.BACKUP_KEYRING, pool: str = layout.BACKUP_POOL) -> Iterator[Store]:
    """Connect with the key of this node's keyring.

    Raises:
        StorageAway: the storage does not answer, refuses the key, or has no such pool.
    """
    handle = rados.Rados(conffile=ceph_layout.CONF, name=layout.BACKUP_ENTITY)
    for option in ("client_mount_timeout", "rados_mon_op_timeout", "rados_osd_op_timeout"):
        handle.conf_set(option, str(_LIMIT_S))
    for option in ("log_to_stderr", "err_to_stderr"):
        handle.conf_set(option, "false")
    handle.conf_set("keyring", keyring)
    try:
        handle.connect(timeout=_LIMIT_S)
        context = handle.open_ioctx(pool)
    except rados.Error as error:
        handle.shutdown()
        raise _away(error) from None
    context.set_namespace(layout.BACKUP_NAMESPACE)
    try:
        yield Store(context)
    finally:
        context.close()
        handle.shutdown()


def _manifest(chain: str) -> str:
    return f"{chain}/manifest"


def _part(chain: str, number: int) -> str:
    return f"{chain}/full.{number:06}"


def _piece(chain: str, number: int) -> str:
    return f"{chain}/log.{number:06}"


def _away(error: rados.Error) -> StorageAway:
    return StorageAway(f"the cluster storage does not take part: {' '.join(str(error).split())}")
