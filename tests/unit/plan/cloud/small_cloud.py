"""A cloud of a few dictionaries that takes the calls of a check, with the rules that matter to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from piston_iac.plan.cloud.api_call import Answer, Call
from piston_iac.plan.cloud.check.seen import FLAVOR, IMAGE, NAME, Seen, look, seen

Record = dict[str, Any]


@dataclass
class SmallCloud:
    """Records by id, by kind. `refuses`: node on which no machine starts; `gives_up`: node on which the first
    one is given up without a word.
    """

    refuses: str = ""
    gives_up: str = ""
    records: dict[str, dict[str, Record]] = field(default_factory=dict)
    _ids: count[int] = field(default_factory=lambda: count(1))

    def send(self, calls: Sequence[Call]) -> None:
        """Do them."""
        for call in calls:
            words = call.path.partition("?")[0].split("/")[2:]
            words = words[1:] if words[0] == "p" else words
            if call.method == "DELETE":
                self._delete(*words)
            elif call.method == "PUT":
                self._interface(*words, **call.body)
            elif len(words) > 1:
                self._attach(words[1], call.body["volumeAttachment"]["volumeId"])
            elif words[0] in call.body:
                for body in call.body[words[0]]:
                    self._make(words[0], {"one of many": body})
            else:
                self._make(words[0], call.body)

    def look(self) -> Seen:
        """One look; what was asked of it last comes true after it."""
        return seen(self.answers())

    def answers(self) -> tuple[Answer, ...]:
        """To the calls of a look."""
        answers = []
        for call in look("p"):
            kind = call.path.partition("?")[0].split("/")[3 if call.path.startswith("/v3/p/") else 2]
            kind = kind.replace("-", "_")
            if "external" in call.path:
                found: list[Record] = [{"id": "public", "name": "public"}]
            elif kind in ("images", "flavors", "security_groups"):
                found = [{"id": kind, "name": {"flavors": FLAVOR, "images": IMAGE}.get(kind, NAME)}]
            else:
                found = [dict(it) for it in self.of(kind).values()]
            answers.append(Answer(200, {kind: found}))
        self._go_on()
        return tuple(answers)

    def of(self, kind: str) -> dict[str, Record]:
        """All of a kind."""
        return self.records.setdefault(kind, {})

    def left(self) -> list[str]:
        """Names of all that is there."""
        return [str(it.get("name", "")) for kind in self.records.values() for it in kind.values()]

    def _make(self, kind: str, body: Record) -> None:
        new = {"id": f"{kind}-{next(self._ids)}", "device_id": "", **next(iter(body.values()))}
        if kind == "servers":
            new |= {"status": "BUILD"}
            for way in new["networks"]:
                self.of("ports")[way["port"]]["device_id"] = new["id"]
        if kind == "floatingips":
            new |= {"floating_ip_address": f"10.0.0.{next(self._ids)}"}
            assert self.of("ports")[new["port_id"]]
            assert any(it["device_id"].startswith("routers") for it in self.of("ports").values()), (
                "no way out"
            )
        if kind == "volumes":
            new |= {"status": "creating"}
        self.of(kind)[new["id"]] = new

    def _attach(self, server: str, volume: str) -> None:
        assert self.of("servers")[server]["status"] == "ACTIVE"
        assert self.of("volumes")[volume]["status"] == "available"
        self.of("volumes")[volume] |= {"status": "attaching", "server": server}

    def _interface(self, _routers: str, router: str, action: str, port_id: str) -> None:
        if action == "add_router_interface":
            self.of("ports")[port_id]["device_id"] = router
        else:
            assert self.of("ports")[port_id]["device_id"] == router
            del self.of("ports")[port_id]

    def _delete(self, kind: str, id_: str) -> None:
        record = self.of(kind)[id_]
        if kind == "servers":
            record["OS-EXT-STS:task_state"] = "deleting"
            return
        if kind == "routers":
            assert not [it for it in self.of("ports").values() if it["device_id"] == id_]
        if kind == "networks":
            assert not self.of("ports"), "a network with ports stays"
            self.of("subnets").clear()
        if kind == "volumes":
            assert record["status"] == "available", "a volume in use stays"
        del self.of(kind)[id_]

    def _go_on(self) -> None:
        for id_, server in list(self.of("servers").items()):
            if server.get("OS-EXT-STS:task_state") == "deleting":
                for volume in self.of("volumes").values():
                    if volume.get("server") == id_:
                        volume |= {"status": "available", "server": ""}
                for port in self.of("ports").values():
                    port["device_id"] = "" if port["device_id"] == id_ else port["device_id"]
                del self.of("servers")[id_]
            elif server["host"] == self.refuses:
                server |= {"status": "ERROR", "fault": {"message": "No valid host was found."}}
            elif server["host"] == self.gives_up:
                server["status"], self.gives_up = "ERROR", ""
            elif server["status"] == "BUILD":
                server["status"] = "ACTIVE"
        become = {"creating": "available", "attaching": "in-use"}
        for volume in self.of("volumes").values():
            volume["status"] = become.get(volume["status"], volume["status"])
