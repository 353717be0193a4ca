"""The cloud's APIs. Login, catalogue, TLS and retries are openstacksdk's; a failure has cause and remedy."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from keystoneauth1 import exceptions as login_errors
from openstack import connection, exceptions

from piston_iac import __version__
from piston_iac.deadline import Deadline
from piston_iac.dynamic_providers import runtime
from piston_iac.errors import (
    AccessRefused,
    DeviceRefused,
    Interrupted,
    PistonError,
    SetupError,
    TimedOut,
    Unreachable,
)
from piston_iac.openstack_plugin.config import ProviderConfig

_RETRIES = 3  # a balancer that changes its host, a service that starts anew
_POLL_S = 1.0

NOT_FOUND, CONFLICT = 404, 409
_SERVER_FAULT = 500

_Seen = TypeVar("_Seen")


class CloudError(Exception):
    """A call that failed, before it is known for which resource.

    Args:
        cause: the API's own words where there are any.
        remedy: what the operator can do.
        status: of HTTP; 0 where there was no answer.
        error: what it becomes for the operator.
    """

    def __init__(
        self, cause: str, remedy: str = "", status: int = 0, error: type[PistonError] = DeviceRefused
    ) -> None:
        self.cause, self.remedy, self.status, self.error = cause, remedy, status, error
        super().__init__(cause)

    def of(self, device: str, action: str) -> PistonError:
        """The error as an operator reads it."""
        return self.error(device, action, self.cause, self.remedy)


class Cloud:
    """One login at one cloud. Threads may share it."""

    def __init__(self, config: ProviderConfig) -> None:
        self._config = config
        self._lock = threading.RLock()
        self._connection: Any = None

    @property
    def region(self) -> str:
        """Its name; empty where the program names none."""
        return self._config.region

    def call(
        self,
        service: str,
        method: str,
        path: str,
        body: Any = None,
        *,
        microversion: str | None = None,
        query: Mapping[str, str] | None = None,
        **how: Any,
    ) -> dict[str, Any]:
        """One request, and what was answered; empty where the answer has no JSON.

        Args:
            service: identity, compute, network, block_storage, image.
            path: below the service's endpoint.
            body: sent as JSON.
            how: further words for the request (`data`, `headers`).
        Raises:
            CloudError: it failed.
        """
        if body is not None:
            how["json"] = body
        if method == "POST" or "data" in how:
            # It may have been heard, and would be made twice; a stream cannot be sent again.
            how["connect_retries"] = 0
        try:
            adapter = self._adapter(service)
            answer = adapter.request(path, method, microversion=microversion, params=dict(query or {}), **how)
            exceptions.raise_from_response(answer)
            is_json = "json" in answer.headers.get("content-type", "")
            found: dict[str, Any] = answer.json() if answer.content and is_json else {}
        except (exceptions.SDKException, login_errors.ClientException, OSError) as error:
            raise _told(error, service, self._config.place) from error
        return found

    def look(self, service: str, path: str, **how: Any) -> dict[str, Any] | None:
        """What is there; None where nothing is."""
        try:
            return self.call(service, "GET", path, **how)
        except CloudError as error:
            if error.status == NOT_FOUND:
                return None
            raise

    def one(self, service: str, path: str, key: str, what: str, **query: str) -> dict[str, Any]:
        """The only entry of a list that fits the query.

        Raises:
            CloudError: there is none, or more than one.
        """
        found = self.call(service, "GET", path, query=query).get(key, [])
        if len(found) == 1:
            return dict(found[0])
        count = "none" if not found else f"{len(found)} of them"
        raise CloudError(f"there is {count}: {what}", "Name one that is there exactly once.", NOT_FOUND)

    def access(self) -> Any:
        """Who is logged in, and what for (keystoneauth's `AccessInfo`)."""
        try:
            session = self._connected().session
            return session.auth.get_access(session)
        except (exceptions.SDKException, login_errors.ClientException, OSError) as error:
            raise _told(error, "identity", self._config.place) from error

    def _adapter(self, service: str) -> Any:
        with self._lock:  # the first use asks which versions a service has: once, not once a thread
            return getattr(self._connected(), service)

    def _connected(self) -> Any:
        with self._lock:
            if self._connection is None:
                self._connection = _connect(self._config)
            return self._connection


def wait_until(
    look: Callable[[], _Seen], good: Callable[[_Seen], bool], deadline: Deadline, what: str, remedy: str
) -> _Seen:
    """Look until it is good.

    Args:
        what: is waited for: `server web-1 is ACTIVE`.
    Raises:
        CloudError: the deadline came first, or the run was told to stop.
    """
    runtime.info_status(f"waits until {what}")
    while True:
        seen = look()
        if good(seen):
            return seen
        if deadline.cancelled.is_set():
            raise CloudError(
                f"the run was told to stop before {what}", "Run `pulumi up` again.", 0, Interrupted
            )
        if deadline.over():
            raise CloudError(f"it was not so in time: {what}", remedy, 0, TimedOut)
        deadline.pause(_POLL_S)


def _connect(config: ProviderConfig) -> Any:
    if config.cloud:
        return connection.Connection(cloud=config.cloud, app_name="piston-iac", app_version=__version__)
    kind = "v3applicationcredential" if "application_credential_secret" in config.auth else "v3password"
    return connection.Connection(
        auth_type=kind,
        auth=dict(config.auth),
        region_name=config.region or None,
        interface=config.interface,
        verify=not config.insecure,
        cacert=_as_file(config.cacert) if config.cacert else None,
        connect_retries=_RETRIES,
        status_code_retries=_RETRIES,
        app_name="piston-iac",
        app_version=__version__,
    )


def _as_file(cacert: str) -> str:
    """The path of a certificate authority, which may be given as its text: the official plugin takes both."""
    if "-----BEGIN" not in cacert:
        return cacert
    # A file that has a path in this process alone, and that is gone with it.
    handle = os.memfd_create("cloud-ca")
    os.write(handle, cacert.encode())
    return f"/proc/self/fd/{handle}"


def _told(error: Exception, service: str, place: str) -> CloudError:
    """The failure in words for an operator. Pure."""
    if isinstance(error, login_errors.Unauthorized):
        return CloudError(
            f"{place} refuses the login: {_words([error.message])}",
            "Check user, password and project of this provider, and that the user has a role in it.",
            0,
            AccessRefused,
        )
    if isinstance(error, login_errors.SSLError):
        return CloudError(
            f"the certificate of {place} is not trusted",
            "Give the provider the cloud's certificate authority (`cacert_file`).",
            0,
            Unreachable,
        )
    if isinstance(error, exceptions.HttpException):
        return _refused(error, service)
    if isinstance(error, login_errors.ConnectFailure | login_errors.ConnectTimeout | OSError):
        return CloudError(
            f"{service} of {place} gives no answer: {_words([str(error)])}",
            "Check that this machine reaches the cloud, and that the service runs (`piston status`).",
            0,
            Unreachable,
        )
    if isinstance(error, login_errors.HttpError):  # at the login; other services refuse with openstacksdk's
        # Without its status: a Keystone that is not found is no resource that is gone.
        status = int(error.http_status or 0)
        return CloudError(f"the login at {place} ends with {status}: {error.message}", _see(status))
    if isinstance(error, login_errors.CatalogException | exceptions.EndpointNotFound):
        return CloudError(
            f"the catalogue of {place} names no {service} service",
            "Check the region of this provider, and that the cloud has this service.",
            0,
            SetupError,
        )
    return CloudError(
        f"{service} of {place}: {_words([str(error)])}", "See whether it runs (`piston status`) and its log."
    )


def _refused(error: exceptions.HttpException, service: str) -> CloudError:
    status = int(error.status_code or 0)
    words = _words([error.details or error.message or str(error)])
    return CloudError(f"{service} answers {status}: {words}", _see(status), status)


def _see(status: int) -> str:
    remedies = {
        403: "Check quota and roles of the project.",
        404: "It may have been removed meanwhile: run `pulumi up` again.",
        409: "Remove what still uses it, or what is there under the same name.",
        413: "Check the quota of the project.",
    }
    if status >= _SERVER_FAULT:
        return "See the log of the service, then run it again."
    return remedies.get(status, "Correct it and run `pulumi up` again.")


def _words(texts: Iterable[str | None]) -> str:
    return " ".join(" ".join(text for text in texts if text).split())
