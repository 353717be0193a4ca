"""The message bus of this node: `python3 -m ...cloud.rabbitmq recover|prepare|tidy|grow`.

`recover` makes this node, which has no data, a member of the cluster that its peers have. `prepare` runs
before the unit starts, `tidy` after: it spreads queues that lack a member to this node. `grow` is the same
for the operator: in {}, out {"grown": true}.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from piston_iac import cloud_layout as layout
from piston_iac.deadline import Deadline
from piston_iac.node_agent import units
from piston_iac.node_agent.files import write_atomically
from piston_iac.node_agent.tools import ToolFailed, run
from piston_iac.node_programs.cloud.access import Access, read_access
from piston_iac.node_programs.mon_store import check_mirror
from piston_iac.node_programs.program import Answer, Fault, converse, guarded, leave

_DATA = Path(layout.RABBITMQ_DATA)
_READY = Path(layout.RABBITMQ_READY)
_COOKIE = Path(layout.RABBITMQ_HOME) / ".erlang.cookie"
_STAYS_ABSENT = 3
_CALL_S = 20.0
# Survivors wait for the one that is gone before they forget it.
_FORGET_S = 60.0
_START_S = 60.0
_POLL_S = 0.5
# While a member joins, the others may be silent for long: who looks must not wait for them.
_SEE_S = 8.0
_MEMBERS = """
Text = fun(Nodes) -> [atom_to_binary(Node) || Node <- Nodes] end,
Members = #{running => Text(rabbit_nodes:list_running()), members => Text(rabbit_nodes:list_members())}"""
_STARTED = "#{started => rabbit:is_booted() andalso rabbit:is_running()}"
_QUEUES = """
[begin
   {resource, _, _, Name} = amqqueue:get_name(Queue),
   {Copy, _} = amqqueue:get_pid(Queue),
   Nodes = maps:get(nodes, amqqueue:get_type_state(Queue)),
   Found = lists:zip(Nodes, erpc:multicall(Nodes, erlang, whereis, [Copy], 2000)),
   Works = [Node || {Node, {ok, Pid}} <- Found, is_pid(Pid)],
   #{name => Name, members => Text(Nodes), online => Text(Works)}
 end || Queue <- rabbit_amqqueue:list(), amqqueue:get_type(Queue) =:= rabbit_quorum_queue]"""


def ctl(node: str, *words: str, limit_s: float = _CALL_S, tool: str = "rabbitmqctl") -> str:
    """Have the member at an address do something.

    Raises:
        ToolFailed: it does not answer, or refuses.
    """
    name = layout.rabbitmq_node(node)
    try:
        return run(f"/usr/sbin/{tool}", "--longnames", "--quiet", "--node", name, *words, limit_s=limit_s)
    except ToolFailed as error:
        # It ends with a description of itself, down to the hash of the cookie.
        if "cookie" in str(error):
            raise ToolFailed(f"{name} does not answer") from None
        raise


def see(address: str) -> dict[str, Any]:
    """The bus as the member at an address sees it, by one call.

    `running`, `members`: Erlang names. `queues`: of each queue with copies its name, the members that are to
    have one, and those whose copy works. RabbitMQ's own `list_queues` was seen to hang for a minute on a
    member that had come back from a power cut.

    Raises:
        ToolFailed: it does not answer. ValueError, KeyError: what it answers is something else.
    """
    return _asked(address, f"begin {_MEMBERS},\nMembers#{{queues => {_QUEUES}}} end", _SEE_S)


def members(address: str) -> dict[str, Any]:
    """`running` and `members` alone, as `see` has them: no queue with a copy that hangs holds that up.

    Raises:
        ToolFailed: it does not answer. ValueError, KeyError: what it answers is something else.
    """
    return _asked(address, f"begin {_MEMBERS} end", _CALL_S)


def _asked(address: str, erlang: str, limit_s: float) -> dict[str, Any]:
    """What an expression gives there. Erlang's own caller of others is no virtual machine: to start one, as
    RabbitMQ's command line does, takes a second of a processor.
    """
    name = layout.rabbitmq_node(address)
    call = ("/usr/bin/erl_call", "-name", name, "-e", "-fetch_stdout")
    # It reads the cookie at home.
    at_home = ("env", f"HOME={layout.RABBITMQ_HOME}")
    # Erlang ends an expression at a full stop with something blank after it.
    said = f"io:put_chars(json:encode({erlang})).\n"
    text = run(*at_home, *call, "-no_result_term", limit_s=limit_s, stdin=said)
    if not text:
        # Erlang answers there before RabbitMQ does, and has failed at the expression: it says nothing then.
        raise ToolFailed(f"{name} runs, and RabbitMQ does not work there")
    seen: dict[str, Any] = json.loads(text)
    return seen


def is_ready() -> bool:
    """Whether this node is a member."""
    return _READY.exists()


def mark_ready() -> None:
    """Say that this node is a member: from now on its unit starts by itself."""
    write_atomically(_READY, b"", 0o644)


def make_empty() -> None:
    """A data directory without anything: a server that starts on it is a cluster of one.

    Raises:
        Fault: the mirror is missing, or there is a whole one.
    """
    check_mirror()
    if is_ready():
        raise Fault("this node has its message bus: it is not removed")
    units.stop(layout.RABBITMQ_UNIT)
    shutil.rmtree(_DATA, ignore_errors=True)
    _DATA.mkdir(mode=0o750, parents=True)
    prepare()


def prepare() -> None:
    """Give the server what only its user may read: the cookie that members know each other by."""
    user = pwd.getpwnam(layout.RABBITMQ_USER)
    for path in (_DATA, *_DATA.rglob("*")):
        if path.stat().st_uid != user.pw_uid:
            os.chown(path, user.pw_uid, user.pw_gid)
    _bring_cookie()


def recover() -> None:
    """Become a member: the peers forget whom they knew under this name, then this node joins them.

    Raises:
        Fault: no peer runs. ToolFailed: RabbitMQ refused.
    """
    if is_ready():
        return
    access = read_access()
    # The command line's programs become RabbitMQ's user, and read it there.
    _bring_cookie()
    peer, known = _first_running(access)
    me = layout.rabbitmq_node(access.own)
    if me in known:
        ctl(peer, "forget_cluster_node", me, limit_s=_FORGET_S)
    make_empty()
    units.start(layout.RABBITMQ_UNIT)
    wait_until_up(access.own)
    ctl(access.own, "stop_app")
    ctl(access.own, "join_cluster", layout.rabbitmq_node(peer), limit_s=_START_S)
    ctl(access.own, "start_app", limit_s=_START_S)
    mark_ready()


def _bring_cookie() -> None:
    user = pwd.getpwnam(layout.RABBITMQ_USER)
    cookie = Path(layout.RABBITMQ_COOKIE).read_bytes()
    write_atomically(_COOKIE, cookie, 0o400, (user.pw_uid, user.pw_gid))


def _first_running(access: Access) -> tuple[str, list[str]]:
    """Address of a peer whose message bus runs, and the members that it knows."""
    for address in access.peers.values():
        with suppress(ToolFailed, ValueError, KeyError):
            seen = members(address)
            # Erlang answers there before RabbitMQ does.
            if layout.rabbitmq_node(address) in seen["running"]:
                return address, seen["members"]
    raise Fault("no other control host has the message bus running")


def wait_until_up(address: str) -> None:
    """Until the server answers.

    Raises:
        Fault: it does not in time.
    """
    deadline = Deadline.after(_START_S)
    while not deadline.over():
        # Erlang answers there before RabbitMQ does, and its start fails the expression until then.
        with suppress(ToolFailed, ValueError, KeyError):
            if _asked(address, _STARTED, _CALL_S)["started"]:
                return
        deadline.pause(_POLL_S)
    raise Fault(f"the message bus did not start within {_START_S:g} s")


def tidy() -> None:
    """Let this node hold a copy of every queue: one that was forgotten is a member of none."""
    if not is_ready():
        return
    access = read_access()
    wait_until_up(access.own)
    if len(members(access.own)["running"]) > 1:
        me = layout.rabbitmq_node(access.own)
        ctl(access.own, "grow", me, "all", limit_s=_START_S, tool="rabbitmq-queues")


def grow() -> Answer:
    """Have this node hold a copy of every queue, now.

    Raises:
        Fault: its message bus does not run. ToolFailed: RabbitMQ refused.
    """
    tidy()
    return {"grown": True}


_COMMANDS = {"recover": (recover, _STAYS_ABSENT), "prepare": (prepare, 1), "tidy": (tidy, 1)}


def main(arguments: list[str]) -> int:
    """Returns the exit status."""
    if arguments == ["grow"]:
        return converse(dict, lambda _: grow())
    if len(arguments) == 1 and arguments[0] in _COMMANDS:
        return guarded(*_COMMANDS[arguments[0]])
    print("usage: rabbitmq recover|prepare|tidy|grow", file=sys.stderr)
    return 2


if __name__ == "__main__":
    leave(main(sys.argv[1:]))
