"""What the other mons have: whether they answer, and their map."""

from __future__ import annotations

import json

from piston_iac import ceph_layout
from piston_iac.deadline import Deadline
from piston_iac.node_programs.ceph_conf import CephConf, endpoint
from piston_iac.node_programs.cluster import connected
from piston_iac.node_programs.mon_store import MON_ENTITY
from piston_iac.node_programs.program import Fault
from piston_iac.node_programs.reach import reachable
from piston_iac.trust.secret import Secret

_ANSWER_S = 6.0


def fetch_monmap(
    conf: CephConf, key: Secret, limit_s: float = _ANSWER_S, path: str = ceph_layout.CONF
) -> bytes:
    """The map of the quorum that the peers form: mons outside a quorum let no client in.

    Raises:
        Fault: none of them answers, they have no quorum, or it is another cluster.
    """
    peers = reachable(conf.peers)
    if not peers:
        raise Fault("no other mon answers")
    mons = [endpoint(peer) for peer in peers]
    with connected(MON_ENTITY, key, Deadline.after(limit_s), mons, path) as cluster:
        found = cluster.fsid()
        if found != conf.fsid:
            raise Fault(f"the other mons are those of cluster {found}, not {conf.fsid}")
        code, monmap, status = cluster.ask("mon", json.dumps({"prefix": "mon getmap"}), "")
    if code != 0:
        raise Fault(f"the other mons do not give their map: {status or code}")
    return monmap
