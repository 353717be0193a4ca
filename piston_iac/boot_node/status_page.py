"""The status page: a plain HTML table for a person at the rack. It holds nothing secret."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from piston_iac.boot_node.enrolment import Enrolled
from piston_iac.boot_node.releases import Release
from piston_iac.boot_node.settings import HostKind, Settings


def _table(title: str, heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>" for row in rows)
    return f"<h2>{escape(title)}</h2><table border=1><tr>{head}</tr>{body}</table>"


def _node_rows(
    settings: Settings, enrolled: dict[str, Enrolled], windows: dict[str, float], documents: set[str]
) -> Iterable[tuple[str, ...]]:
    for host in settings.hosts:
        if host.kind is HostKind.NODE:
            window = f"{windows[host.name]:.0f} s left" if host.name in windows else "closed"
            yield (
                host.name,
                host.address,
                host.mac,
                "yes" if host.name in enrolled else "no",
                window,
                "yes" if host.name in documents else "no",
            )


def status_page(
    site: str,
    settings: Settings | None,
    enrolled: dict[str, Enrolled],
    windows: dict[str, float],
    documents: set[str],
    releases: dict[str, Release],
) -> str:
    """The whole page. `windows`: seconds left by node; `documents`: nodes that have one."""
    parts = [f"<!doctype html><title>{escape(site)}: boot node</title><h1>Site {escape(site)}</h1>"]
    if settings is None:
        parts.append("<p>No settings yet: run pulumi up.</p>")
    else:
        rows = _node_rows(settings, enrolled, windows, documents)
        heads = ("node", "address", "boot card", "enrolled", "enrolment window", "document")
        parts.append(_table("Nodes", heads, rows))
    rows = (
        (
            name,
            "yes" if release.complete else "no",
            "yes" if settings and settings.release == name else "",
            ", ".join(f"{file} ({stored.size} bytes)" for file, stored in release.files.items()),
        )
        for name, release in releases.items()
    )
    parts.append(_table("Releases", ("release", "complete", "in use", "files"), rows))
    return "\n".join(parts) + "\n"
