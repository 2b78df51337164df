# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A server with SFTP for an account with a password, which needs no Odoo.

As a program it serves a folder until it is stopped, with the host key of a file, which
it writes if it is not there::

    python sftp_server.py FOLDER FILE_OF_THE_KEY PORT USER PASSWORD
"""

import asyncio
import errno
import sys
from pathlib import Path

import asyncssh


async def listen(account, port=0):
    """Let clients connect.

    :param account: object with the folder ``root``, ``user``, ``password`` and
        ``host_keys``; it counts ``connections``, and says whether its disk ``is_full``
    :return: the server of ``asyncssh``
    """

    class Login(asyncssh.SSHServer):
        def connection_made(self, connection):
            account.connections += 1

        def connection_lost(self, error):
            account.connections -= 1

        def begin_auth(self, username):
            return True

        def password_auth_supported(self):
            return True

        def validate_password(self, username, password):
            return (username, password) == (account.user, account.password)

    class Files(asyncssh.SFTPServer):
        def __init__(self, channel):
            super().__init__(channel, chroot=str(account.root))

        def write(self, file_obj, offset, data):
            if account.is_full:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(file_obj, offset, data)

    return await asyncssh.create_server(
        Login,
        "127.0.0.1",
        port,
        server_host_keys=account.host_keys,
        sftp_factory=Files,
    )


class Account:
    """The account of the program."""

    connections = 0
    is_full = False

    def __init__(self, root, key_file, user, password):
        self.root, self.user, self.password = root, user, password
        if not Path(key_file).exists():
            asyncssh.generate_private_key("ssh-ed25519").write_private_key(key_file)
        self.host_keys = [asyncssh.read_private_key(key_file)]
        self.host_keys[0].write_public_key(f"{key_file}.pub")


async def main(root, key_file, port, user, password):
    """Serve a folder until the process ends."""
    server = await listen(Account(root, key_file, user, password), int(port))
    await server.wait_closed()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
