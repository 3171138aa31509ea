# SPDX-License-Identifier: GPL-2.0-or-later
"""quaymaster-tls.so: loaded when TLS may have to be spoken, from where nobody else can have put it."""
import os
import shutil

import pytest

from conftest import BUILD, Records, need_root, run

pytestmark = need_root
MODULE = "quaymaster-tls.so"
SERVER = """
import ssl, threading
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.maximum_version = ssl.TLSVersion.TLSv1_2
context.set_ciphers("AECDH-AES128-SHA:@SECLEVEL=0")  # needs no certificate
s = socket.socket()
s.bind(("127.0.0.1", 4433))
s.listen()
def serve(c):
    try:
        context.wrap_socket(c, server_side=True).recv(100)
    except OSError:
        pass
def serve_all():
    while True:
        threading.Thread(target=serve, args=[s.accept()[0]], daemon=True).start()
threading.Thread(target=serve_all, daemon=True).start()
print("ready", flush=True)
"""
SCAN = ["scan", "127.0.0.1", "--ports", "4433", "--identify", "--method", "connect", "--json"]


@pytest.fixture
def server(netns):
    ns = netns()
    ns.python(SERVER)
    return ns


@pytest.fixture
def copy(open_folder):
    """The program and its module in a folder of their own."""
    for name in ("quaymaster", MODULE):
        shutil.copy(BUILD / name, open_folder)
        (open_folder / name).chmod(0o755)
    return open_folder


def scan(ns, folder, **kwargs):
    return run(*ns.argv(folder / "quaymaster", *SCAN), check=False, cwd="/", **kwargs)


def test_tls_is_spoken(server, copy):
    result = scan(server, copy)
    endpoint = Records(result.stdout).one("endpoint", port=4433)
    assert endpoint["encryption"] == "tls" and endpoint["tls"]["cipher"] == "AECDH-AES128-SHA", endpoint


def test_missing(server, copy):
    """Told, with the status for it; what needs no TLS is as before."""
    (copy / MODULE).unlink()
    result = scan(server, copy)
    assert result.returncode == 3 and MODULE in result.stderr and "beside the program" in result.stderr, result.stderr
    assert "AECDH" not in result.stdout
    assert run(*server.argv(copy / "quaymaster", *[w for w in SCAN if w != "--identify"]), cwd="/").returncode == 0


def test_what_is_no_module(server, copy):
    (copy / MODULE).write_text("#!/bin/sh\n")
    result = scan(server, copy)
    assert result.returncode == 3 and f"loading '{copy / MODULE}'" in result.stderr, result.stderr
    (copy / MODULE).unlink()
    (copy / MODULE).mkdir()
    assert "is not taken" in scan(server, copy).stderr


@pytest.mark.parametrize("uid,gid,mode", [(65534, 0, 0o755), (0, 0, 0o757), (0, 65534, 0o775)],
                         ids=["someone's", "anybody may write", "a group may write"])
def test_what_someone_else_may_write_is_not_loaded(server, copy, uid, gid, mode):
    module = copy / MODULE
    os.chown(module, uid, gid)
    module.chmod(mode)
    result = scan(server, copy)
    assert result.returncode == 3 and f"'{module}' is not taken" in result.stderr, result.stderr
    os.chown(module, 0, 0)
    module.chmod(0o755)
    assert "AECDH" in scan(server, copy).stdout


def test_neither_environment_nor_working_directory_is_asked(server, copy, tmp_path):
    shutil.move(copy / MODULE, tmp_path / MODULE)
    result = run(*server.argv("sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", tmp_path, copy / "quaymaster", *SCAN),
                 check=False, env=dict(os.environ, LD_LIBRARY_PATH=str(tmp_path)))
    assert result.returncode == 3 and MODULE in result.stderr, result.stderr


def test_another_users_program_is_served_by_that_user(server, copy):
    """A build folder of a plain user, run by root: the program itself could do no less."""
    for name in ("quaymaster", MODULE):
        os.chown(copy / name, 65534, 65534)
    assert "AECDH" in scan(server, copy).stdout
