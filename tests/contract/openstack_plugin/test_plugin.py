"""The stand-in as the engine speaks to it, without the engine: what each operation does at the cloud."""

from __future__ import annotations

import hashlib
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import struct_pb2
from google.rpc import status_pb2
from pulumi.output import UNKNOWN
from pulumi.runtime.proto import provider_pb2

from piston_iac.dynamic_providers import runtime
from piston_iac.dynamic_providers.host import codec
from piston_iac.dynamic_providers.host.operations import HALF_MADE_KEY
from piston_iac.dynamic_providers.host.watch import Work
from piston_iac.openstack_plugin.server import Plugin
from piston_iac.trust.secret import Secret
from piston_iac.trust.service_authority import Kind, authority, identity
from tests.contract.openstack_plugin.fake_cloud import PASSWORD, FakeCloud, serve

NETWORK = "openstack:networking/network:Network"
SERVER = "openstack:compute/instance:Instance"
IMAGE = "openstack:images/image:Image"
FLAVOR = "openstack:compute/flavor:Flavor"
SEED = Secret("a seed that is at least thirty-two characters")
_DIFF = provider_pb2.DiffResponse


class Aborted(Exception):
    """An operation that the plugin ended with an error."""


class Context:
    """What gRPC gives an operation."""

    kept: provider_pb2.ErrorResourceInitFailed | None = None

    def abort(self, _code: object, message: str) -> None:
        raise Aborted(message)

    def set_trailing_metadata(self, metadata: tuple[tuple[str, bytes], ...]) -> None:
        status = status_pb2.Status.FromString(metadata[0][1])
        self.kept = provider_pb2.ErrorResourceInitFailed()
        status.details[0].Unpack(self.kept)


def props(mask: codec.Mask = codec.NOTHING, **values: Any) -> struct_pb2.Struct:
    return codec.encode(values, mask)


def plain(struct: struct_pb2.Struct) -> dict[str, Any]:
    return codec.decode(struct).values


def urn(token: str, name: str = "x") -> str:
    return f"urn:pulumi:s::p::{token}::{name}"


def settings(cloud: FakeCloud, **more: str) -> dict[str, str]:
    login = {"authUrl": f"{cloud.url}/identity/v3", "userName": "admin", "password": PASSWORD}
    return {
        **login,
        "tenantName": "admin",
        "userDomainName": "Default",
        "projectDomainName": "Default",
        **more,
    }


def configured(cloud: FakeCloud, **more: str) -> Plugin:
    made = Plugin(Work())
    made.Configure(provider_pb2.ConfigureRequest(args=props(**settings(cloud, **more))), None)
    return made


@pytest.fixture
def plugin(cloud: FakeCloud) -> Plugin:
    return configured(cloud)


@pytest.fixture
def cancelled() -> Iterator[None]:
    runtime.CANCELLED.set()
    yield
    runtime.CANCELLED.clear()


def create(plugin: Plugin, token: str, context: Context | None = None, **values: Any) -> Any:
    request = provider_pb2.CreateRequest(urn=urn(token), properties=props(**values))
    return plugin.Create(request, context or Context())


def read(plugin: Plugin, token: str, made: Any, **inputs: Any) -> Any:
    request = provider_pb2.ReadRequest(
        urn=urn(token), id=made.id, properties=made.properties, inputs=props(**inputs)
    )
    return plugin.Read(request, Context())


def check(plugin: Plugin, token: str, **values: Any) -> provider_pb2.CheckResponse:
    request = provider_pb2.CheckRequest(
        urn=urn(token, "web"), news=props(**values), randomSeed=b"\x01\x02\x03\x04"
    )
    return plugin.Check(request, Context())


def diff(plugin: Plugin, token: str, old: dict[str, Any], new: dict[str, Any], **outs: Any) -> Any:
    request = provider_pb2.DiffRequest(
        urn=urn(token), id="1", olds=props(**old, **outs), old_inputs=props(**old), news=props(**new)
    )
    return plugin.Diff(request, Context())


def test_a_name_that_nobody_gave_is_made_and_stays(plugin: Plugin) -> None:
    first = plain(check(plugin, NETWORK).inputs)
    assert first == {"name": "web-0102030"}
    request = provider_pb2.CheckRequest(
        urn=urn(NETWORK, "web"), olds=props(name="web-old"), randomSeed=b"\x01"
    )
    assert plain(plugin.Check(request, Context()).inputs) == {"name": "web-old"}


def test_a_property_that_it_does_not_know_is_refused_with_a_way_out(plugin: Plugin) -> None:
    (failure,) = check(plugin, NETWORK, segments=[{"physicalNetwork": "p"}]).failures
    assert failure.property == "segments"
    assert "knows of a network only name, description" in failure.reason
    assert "`pulumi plugin install resource openstack " in failure.reason


def test_what_is_missing_is_named(plugin: Plugin) -> None:
    failures = {it.property: it.reason for it in check(plugin, FLAVOR, ram=1).failures}
    assert failures == {"vcpus": "is missing", "disk": "is missing"}


def test_a_type_that_it_does_not_know_is_refused_with_what_it_knows(plugin: Plugin) -> None:
    with pytest.raises(
        Aborted, match=r"LbLoadbalancerV2: could not serve it: .*Network.*pulumi plugin install"
    ):
        check(plugin, "openstack:index/lbLoadbalancerV2:LbLoadbalancerV2")


def test_a_function_that_it_does_not_know_is_refused(plugin: Plugin) -> None:
    with pytest.raises(Aborted, match="knows functions getAuthScope, getNetwork, getRole"):
        plugin.Invoke(provider_pb2.InvokeRequest(tok="openstack:images/getImage:getImage"), Context())


@pytest.mark.parametrize(
    ("new", "replaces"),
    [({"name": "b"}, []), ({"name": "a", "tenantId": "other"}, ["tenantId"]), ({"name": "a"}, None)],
)
def test_what_replaces_and_what_does_not(
    plugin: Plugin, new: dict[str, str], replaces: list[str] | None
) -> None:
    found = diff(plugin, NETWORK, {"name": "a"}, new)
    assert found.changes == (_DIFF.DIFF_NONE if replaces is None else _DIFF.DIFF_SOME)
    assert list(found.replaces) == (replaces or [])


def test_two_of_one_name_are_never_there_at_once(plugin: Plugin) -> None:
    old = {"name": "a", "ram": 1}
    assert diff(plugin, FLAVOR, old, {"name": "a", "ram": 2}).deleteBeforeReplace
    assert not diff(plugin, FLAVOR, old, {"name": "b", "ram": 1}).deleteBeforeReplace


def test_what_is_not_known_yet_is_a_change(plugin: Plugin) -> None:
    assert list(diff(plugin, NETWORK, {"tenantId": "a"}, {"tenantId": UNKNOWN}).replaces) == ["tenantId"]


def test_a_preview_asks_nothing(plugin: Plugin, cloud: FakeCloud) -> None:
    request = provider_pb2.CreateRequest(urn=urn(NETWORK), properties=props(name="a"), preview=True)
    answer = plugin.Create(request, Context())
    assert (answer.id, plain(answer.properties)) == ("", {"name": "a"})
    assert cloud.requests == []


def test_what_is_there_is_read_in_the_programs_words(plugin: Plugin, cloud: FakeCloud) -> None:
    made = create(plugin, NETWORK, name="a", adminStateUp=True)
    cloud.of("network", "networks")[made.id].update(name="b", mtu=1400)
    seen = read(plugin, NETWORK, made, name="a", adminStateUp=True)
    assert plain(seen.inputs) == {"name": "b", "adminStateUp": True}
    assert plain(seen.properties)["mtu"] == 1400


def test_what_is_gone_reads_as_gone(plugin: Plugin, cloud: FakeCloud) -> None:
    made = create(plugin, NETWORK, name="a")
    del cloud.of("network", "networks")[made.id]
    assert read(plugin, NETWORK, made, name="a").id == ""


def test_what_goes_between_two_questions_reads_as_gone(plugin: Plugin, cloud: FakeCloud) -> None:
    made = create(plugin, SERVER, name="a", flavorId="1", imageId="1")
    cloud.leaving.add(made.id)
    assert read(plugin, SERVER, made, name="a").id == ""


def test_an_import_finds_its_inputs(plugin: Plugin, cloud: FakeCloud) -> None:
    made = create(plugin, NETWORK, name="a")
    request = provider_pb2.ReadRequest(urn=urn(NETWORK), id=made.id)
    assert plain(plugin.Read(request, Context()).inputs)["name"] == "a"


@pytest.mark.parametrize(
    "how", ["a login that is not found", "a password that changed", "a service that is down"]
)
def test_what_cannot_be_asked_is_never_gone(plugin: Plugin, cloud: FakeCloud, how: str) -> None:
    made = create(plugin, NETWORK, name="a")
    blind = {
        "a login that is not found": lambda: configured(cloud, authUrl=f"{cloud.url}/identity/v9/nothing"),
        "a password that changed": lambda: configured(cloud, password="another-password"),
        "a service that is down": lambda: plugin,
    }[how]()
    if how == "a service that is down":
        cloud.unreachable.add("network")
    seen = read(blind, NETWORK, made, name="a")
    assert seen.id == made.id
    assert plain(seen.inputs) == {"name": "a"}


def test_a_refused_login_names_what_to_check_and_no_password(cloud: FakeCloud) -> None:
    blind = configured(cloud, password="another-password")
    with pytest.raises(
        Aborted, match=r"network a: could not create it: .*refuses the login.* Check user"
    ) as told:
        create(blind, NETWORK, name="a")
    assert "another-password" not in str(told.value)


def test_an_answer_that_quotes_a_secret_is_cleaned(plugin: Plugin, cloud: FakeCloud) -> None:
    create(plugin, FLAVOR, name=PASSWORD, ram=1, vcpus=1, disk=1)
    with pytest.raises(Aborted, match=r"409: \[secret\] already exists\. Remove what"):
        create(plugin, FLAVOR, name=PASSWORD, ram=1, vcpus=1, disk=1)


def test_the_authority_is_trusted_by_its_text_or_its_file(tmp_path: Path) -> None:
    own = identity(SEED, "lab", Kind.WEB, "n1", ("127.0.0.1",))
    trusted = authority(SEED, "lab", Kind.WEB)
    (tmp_path / "chain").write_text(own.certificate_pem + own.key_pem.get_secret_value())
    (tmp_path / "ca").write_text(trusted)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "chain")
    cloud, server = serve(tls)
    try:
        for cacert in (trusted, str(tmp_path / "ca")):
            assert create(configured(cloud, cacertFile=cacert), NETWORK, name="a").id
        assert create(configured(cloud, insecure="true"), NETWORK, name="a").id
        for wrong in ({}, {"cacertFile": authority(Secret("another seed"), "lab", Kind.WEB)}):
            with pytest.raises(Aborted, match=r"is not trusted\. Give the provider .*cacert_file"):
                create(configured(cloud, **wrong), NETWORK, name="a")
    finally:
        server.shutdown()
        server.server_close()


def test_what_may_have_been_heard_is_not_asked_for_twice(plugin: Plugin, cloud: FakeCloud) -> None:
    cloud.hanging_up.add("POST network")
    with pytest.raises(Aborted, match=r"network a: could not create it: network of .* gives no answer"):
        create(plugin, NETWORK, name="a")
    assert cloud.requests.count("POST /network/v2.0/networks") == 1


def test_a_server_that_fails_is_kept_and_made_anew(plugin: Plugin, cloud: FakeCloud) -> None:
    cloud.server_fault = "No valid host was found."
    context = Context()
    with pytest.raises(Aborted):
        create(plugin, SERVER, context, name="a", flavorId="1", imageId="1")
    kept = context.kept
    assert kept is not None
    assert kept.id in cloud.of("compute", "servers")
    assert "server a: could not finish it: its status is ERROR: No valid host was found." in kept.reasons[0]
    half = {HALF_MADE_KEY: plain(kept.properties)[HALF_MADE_KEY]}
    again = diff(plugin, SERVER, {"name": "a"}, {"name": "a"}, **half)
    assert again.changes == _DIFF.DIFF_SOME
    assert again.deleteBeforeReplace


def test_a_read_does_not_heal_what_is_half_made(plugin: Plugin, cloud: FakeCloud) -> None:
    cloud.server_fault = "No valid host was found."
    context = Context()
    with pytest.raises(Aborted):
        create(plugin, SERVER, context, name="a", flavorId="1", imageId="1")
    assert context.kept is not None
    seen = read(plugin, SERVER, context.kept, name="a")
    assert HALF_MADE_KEY in plain(seen.properties)


@pytest.mark.usefixtures("cancelled")
def test_a_run_that_is_told_to_stop_keeps_the_id(plugin: Plugin, cloud: FakeCloud) -> None:
    context = Context()
    with pytest.raises(Aborted):
        create(plugin, SERVER, context, name="a", flavorId="1", imageId="1")
    assert context.kept is not None
    assert "told to stop" in context.kept.reasons[0]


def test_an_image_arrives_byte_by_byte(plugin: Plugin, cloud: FakeCloud, tmp_path: Path) -> None:
    content = bytes(range(256)) * 8192  # two chunks
    (tmp_path / "disk").write_bytes(content)
    made = create(
        plugin,
        IMAGE,
        name="a",
        containerFormat="bare",
        diskFormat="raw",
        localFilePath=str(tmp_path / "disk"),
        properties={"hw_disk_bus": "virtio"},
    )
    stored = cloud.of("image", "images")[made.id]
    assert stored["checksum"] == hashlib.md5(content).hexdigest()  # noqa: S324
    assert (stored["size"], stored["hw_disk_bus"]) == (len(content), "virtio")
    assert str(len(content)) in cloud.sizes


def test_an_image_comes_from_a_url_too(plugin: Plugin, cloud: FakeCloud) -> None:
    url = f"{cloud.url}/image"  # anything that is served will do
    made = create(plugin, IMAGE, name="a", containerFormat="bare", diskFormat="raw", imageSourceUrl=url)
    assert cloud.of("image", "images")[made.id]["size"] > 0
    with pytest.raises(Aborted):
        create(
            plugin,
            IMAGE,
            name="b",
            containerFormat="bare",
            diskFormat="raw",
            imageSourceUrl="file:///etc/passwd",
        )


def test_a_server_that_is_off_is_resized_and_stays_off(plugin: Plugin, cloud: FakeCloud) -> None:
    inputs = {"name": "a", "flavorId": "1", "imageId": "1", "powerState": "shutoff"}
    made = create(plugin, SERVER, **inputs)
    server = cloud.of("compute", "servers")[made.id]
    assert server["status"] == "SHUTOFF"
    request = provider_pb2.UpdateRequest(
        urn=urn(SERVER),
        id=made.id,
        olds=made.properties,
        old_inputs=props(**inputs),
        news=props(**{**inputs, "flavorId": "2"}),
        timeout=20,
    )
    changed = plugin.Update(request, Context())
    assert (server["status"], plain(changed.properties)["flavorId"]) == ("SHUTOFF", "2")


def test_an_image_without_its_file_makes_nothing(plugin: Plugin, cloud: FakeCloud) -> None:
    with pytest.raises(Aborted, match="there is no file /nowhere"):
        create(plugin, IMAGE, name="a", containerFormat="bare", diskFormat="raw", localFilePath="/nowhere")
    assert cloud.of("image", "images") == {}


def test_a_delete_waits_while_something_uses_it(plugin: Plugin, cloud: FakeCloud) -> None:
    made = create(plugin, NETWORK, name="a")
    cloud.of("network", "ports")["p"] = {"id": "p", "network_id": made.id}
    asked = f"DELETE /network/v2.0/networks/{made.id}"

    def release() -> None:
        while asked not in cloud.requests:
            time.sleep(0.01)
        cloud.of("network", "ports").clear()

    threading.Thread(target=release, daemon=True).start()
    plugin.Delete(
        provider_pb2.DeleteRequest(urn=urn(NETWORK), id=made.id, properties=made.properties), Context()
    )
    assert made.id not in cloud.of("network", "networks")
    assert cloud.requests.count(asked) > 1


def test_a_delete_that_never_may_says_why(plugin: Plugin, cloud: FakeCloud) -> None:
    made = create(plugin, NETWORK, name="a")
    cloud.of("network", "ports")["p"] = {"id": "p", "network_id": made.id}
    request = provider_pb2.DeleteRequest(
        urn=urn(NETWORK), id=made.id, properties=made.properties, timeout=0.5
    )
    with pytest.raises(Aborted, match=r"network a: could not delete it: network answers 409: .* is in use"):
        plugin.Delete(request, Context())


def test_a_delete_of_what_is_gone_is_done(plugin: Plugin, cloud: FakeCloud) -> None:
    made = create(plugin, NETWORK, name="a")
    del cloud.of("network", "networks")[made.id]
    plugin.Delete(
        provider_pb2.DeleteRequest(urn=urn(NETWORK), id=made.id, properties=made.properties), Context()
    )


def test_a_setting_that_it_does_not_know_is_refused(plugin: Plugin, cloud: FakeCloud) -> None:
    request = provider_pb2.CheckRequest(news=props(**settings(cloud, swauth="true")))
    (failure,) = plugin.CheckConfig(request, None).failures
    assert failure.property == "swauth"


def test_secrets_stay_secret_in_what_goes_back(plugin: Plugin) -> None:
    request = provider_pb2.CreateRequest(
        urn=urn(NETWORK),
        properties=props(codec.mask_of(["description"]), name="a", description="hidden words"),
    )
    made = plugin.Create(request, Context())
    assert codec.decode(made.properties).mask.keys.keys() == {"description"}
