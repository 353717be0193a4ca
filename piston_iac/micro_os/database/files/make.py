"""Makes the empty database, inside a copy of the micro-OS: `make.py WORK`; in: what `schemas.order` gives.

Leaves WORK/database.tar and WORK/schemas.json. The server listens on loopback of a network namespace that has
nothing else, and with it ends the one login that it knows. Standard library, and what the image has.
"""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pymysql

USER, PORT, START_S, STOP_S, COMMAND_S = "maker", 3306, 60.0, 60.0, 600.0


def serve(data: Path, settings: dict[str, str]) -> subprocess.Popen[bytes]:
    """The server, once it takes statements."""
    own = {
        **settings,
        "datadir": data,
        "socket": data.parent / "socket",
        "port": PORT,
        "bind_address": "127.0.0.1",
        "skip_name_resolve": "ON",
        "performance_schema": "OFF",
        # Each member makes its own of the size that it wants.
        "innodb_log_file_size": "4M",
        # Nothing that the server kept back for later is left when it ends.
        "innodb_fast_shutdown": 0,
        "innodb_buffer_pool_dump_at_shutdown": "OFF",
    }
    conf = data.parent / "server.cnf"
    conf.write_text("[mariadbd]\n" + "".join(f"{name}={value}\n" for name, value in own.items()))
    words = (
        f"--datadir={data}",
        "--user=mysql",
        "--skip-test-db",
        "--auth-root-authentication-method=socket",
    )
    subprocess.run(["mariadb-install-db", "--no-defaults", *words], check=True, stdout=subprocess.DEVNULL)
    server = subprocess.Popen(["/usr/sbin/mariadbd", f"--defaults-file={conf}", "--user=mysql"])
    end = time.monotonic() + START_S
    while True:
        try:
            pymysql.connect(unix_socket=str(own["socket"]), user="root").close()
        except pymysql.MySQLError:
            if server.poll() is not None or time.monotonic() > end:
                raise
            time.sleep(0.2)
        else:
            return server


def main(work: Path) -> None:
    """Make it."""
    order, password, data = json.load(sys.stdin), secrets.token_hex(16), work / "data"
    # The server's socket and settings lie there.
    shutil.chown(work, "mysql", "mysql")
    server = serve(data, order["format"])
    with pymysql.connect(unix_socket=str(work / "socket"), user="root") as connection:
        sql = connection.cursor()
        sql.execute(f"CREATE USER {USER}@localhost IDENTIFIED BY '{password}'")
        sql.execute(f"CREATE USER {USER}@'127.0.0.1' IDENTIFIED BY '{password}'")
        sql.execute(f"GRANT ALL ON *.* TO {USER}@'127.0.0.1'")
        versions: dict[str, list[str]] = {}
        for service in order["services"]:
            for database in service["databases"]:
                sql.execute(f"CREATE DATABASE `{database}`")
            conf = Path(service["conf"])
            conf.parent.mkdir(parents=True, exist_ok=True)
            conf.write_text(
                "".join(
                    f"[{section}]\nconnection = mysql+pymysql://{USER}:{password}@127.0.0.1:{PORT}/{database}\n"
                    for section, database in service["sections"].items()
                )
            )
            for command in service["commands"]:
                subprocess.run(command, check=True, stdout=sys.stderr, timeout=COMMAND_S)
            for database in service["databases"]:
                sql.execute(f"SELECT version_num FROM `{database}`.alembic_version")  # noqa: S608 - our names
                versions[database] = sorted(version for (version,) in sql.fetchall())
        sql.execute(f"DROP USER {USER}@localhost, {USER}@'127.0.0.1'")
    server.terminate()
    if server.wait(STOP_S) != 0:
        raise SystemExit("the server did not end well")
    with tarfile.open(work / "database.tar", "w") as tar:
        for path in sorted(data.iterdir()):
            tar.add(path, path.name)
    (work / "schemas.json").write_text(json.dumps(versions, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
