"""A user on the core network who never stops asking: `api_probe.py ADDRESS CA LOG`, password by standard
input.

Each API five times a second, and twice a second a project that is made in Keystone: a row that was promised
has to be there for ever. Every request is one line of JSON: when it ended, what it was, how it went. It ends
when its standard input does.
"""

import http.client
import json
import ssl
import sys
import threading
import time
from pathlib import Path

LIMIT_S = 4.0
TARGETS = {"keystone": (5000, "/v3"), "glance": (9292, "/healthcheck"), "placement": (8778, "/")}
ASK_S, WRITE_S = 0.2, 0.5

address, ca, log_path = sys.argv[1:]
password = sys.stdin.readline().strip()
context = ssl.create_default_context(cafile=ca)
ended = threading.Event()
log = Path(log_path).open("w", buffering=1)  # noqa: SIM115 - open as long as the process


def ask(port, method, path, body=None, headers=None):
    connection = http.client.HTTPSConnection(address, port, timeout=LIMIT_S, context=context)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json", **(headers or {})})
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers
    except (OSError, http.client.HTTPException) as error:
        return 0, type(error).__name__.encode(), {}
    finally:
        connection.close()


def tell(what, code, began, note=""):
    now = time.monotonic()
    row = {"at": now, "what": what, "code": code, "took": round(now - began, 3), "note": note}
    log.write(json.dumps(row) + "\n")


def asks(name):
    port, path = TARGETS[name]
    while not ended.is_set():
        began = time.monotonic()
        code, text, _ = ask(port, "GET", path)
        tell(name, code, began, "" if code else text.decode())
        ended.wait(max(0.0, ASK_S - (time.monotonic() - began)))


def token():
    user = {"name": "admin", "domain": {"name": "Default"}, "password": password}
    scope = {"project": {"name": "admin", "domain": {"name": "Default"}}}
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}}
    code, _, headers = ask(5000, "POST", "/v3/auth/tokens", json.dumps(body))
    return headers.get("X-Subject-Token", "") if code == 201 else ""


def writes():
    known, number = "", 0
    while not ended.is_set():
        began = time.monotonic()
        known = known or token()
        number += 1
        name = f"probe-{int(time.time())}-{number}"
        body = json.dumps({"project": {"name": name, "domain_id": "default"}})
        code, text, _ = (
            ask(5000, "POST", "/v3/projects", body, {"X-Auth-Token": known})
            if known
            else (0, b"no token", {})
        )
        if code == 401:
            known = ""
        tell("write", code, began, name if code == 201 else text[:80].decode(errors="replace"))
        ended.wait(max(0.0, WRITE_S - (time.monotonic() - began)))


workers = [threading.Thread(target=asks, args=(name,), daemon=True) for name in TARGETS]
workers.append(threading.Thread(target=writes, daemon=True))
for worker in workers:
    worker.start()
sys.stdin.read()
ended.set()
for worker in workers:
    worker.join(2 * LIMIT_S)
