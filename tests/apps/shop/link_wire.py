"""As much of the link's wire (runtime/link/README.md, greeting.hpp) as it takes to be a peer that no node would be."""
import socket
import ssl
import struct
import subprocess
import time

MAGIC = b"TROUPE\r\n"
REQUEST, ITEM, HALF_CLOSE, CREDIT, CANCEL, REPLY, FAILURE = range(1, 8)
MESSAGE, WATCH, UNWATCH, ENDED = range(16, 20)
FRAGMENT, WINDOW, PING, PONG, DRAIN, GOODBYE = range(32, 38)


def varint(number):
    out = b""
    while number > 0x7f:
        out += bytes([number & 0x7f | 0x80])
        number >>= 7
    return out + bytes([number])


def read_varint(data, at):
    number = shift = 0
    while True:
        number |= (data[at] & 0x7f) << shift
        at += 1
        if data[at - 1] < 0x80:
            return number, at
        shift += 7


def text(data):
    data = data.encode() if isinstance(data, str) else data
    return varint(len(data)) + data


def field(number, value):
    """A field of a protobuf message: bytes and text with their length, numbers as varints."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + text(value)


def fields(data):
    """The fields of a protobuf message, as (number, value)."""
    at = 0
    while at < len(data):
        tag, at = read_varint(data, at)
        if tag & 7 == 0:
            value, at = read_varint(data, at)
        elif tag & 7 == 1:
            value, at = data[at:at + 8], at + 8
        else:
            size, at = read_varint(data, at)
            value, at = data[at:at + size], at + size
        yield tag >> 3, value


def greeting_body(node="stranger", cluster="troupe", incarnation=1, window=16 << 20, calls=100_000, actor_node=b"", more=b""):
    return (field(1, cluster) + field(2, node) + varint(3 << 3 | 1) + struct.pack("<Q", incarnation) + field(4, actor_node)
            + field(5, "1.0") + b"".join(field(number, 16 << 20 if number == 7 else window) for number in range(7, 11))
            + field(11, calls) + more)


def greeting(versions=(1, 1), size=None, body=None, **content):
    body = greeting_body(**content) if body is None else body
    return MAGIC + struct.pack("<HHI", *versions, len(body) if size is None else size) + body


def frame(kind, body=b"", length=None):
    return struct.pack("<IB", 1 + len(body) if length is None else length, kind) + body


def request(call, method, payload=b"", credit=None, lane=0, flags=None):
    flags = 1 | (2 if credit is not None else 0) if flags is None else flags
    return frame(REQUEST, varint(call) + bytes([flags]) + varint(method) + varint(lane)
                 + (varint(credit) if credit is not None else b"") + payload)


def item(call, payload):
    """Of a call that this side made."""
    return frame(ITEM, varint(call * 2) + b"\0" + payload)


def message(sender, receiver, payload, message_id=0):
    return frame(MESSAGE, b"\0" + varint(sender) + varint(receiver) + varint(message_id) + payload)


def caf_message(*types, content=b""):
    """A CAF message: the names of its types, and what they hold."""
    return b"\0\0" + text("+".join(["@<>", *types])) + content


def status_of(data):
    """The code and the words of a status."""
    size, at = read_varint(data, 1)
    return data[0], data[at:at + size].decode()


class Certificates:
    """Made in a folder by the openssl program."""

    def __init__(self, folder):
        self.folder = folder
        self.make("authority", None)

    def path(self, name):
        return str(self.folder / name)

    def make(self, name, issuer="authority", days=2):
        def run(*arguments):
            subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=self.folder)
        new = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
               "-keyout", f"{name}.key"]
        if issuer is None:
            run(*new, "-x509", "-days", str(days), "-out", f"{name}.pem")
            return
        run(*new, "-out", f"{name}.csr")
        (self.folder / f"{name}.ext").write_text(f"subjectAltName=DNS:{name}\n")
        run("x509", "-req", "-in", f"{name}.csr", "-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key", "-CAcreateserial",
            "-days", str(days), "-extfile", f"{name}.ext", "-out", f"{name}.pem")

    def flags(self, name):
        return [f"--link.certificate_file={self.path(name + '.pem')}", f"--link.key_file={self.path(name + '.key')}",
                f"--link.authority_file={self.path('authority.pem')}"]

    def context(self, name, server=False):
        out = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
        out.check_hostname = False
        out.verify_mode = ssl.CERT_REQUIRED
        out.load_verify_locations(self.path("authority.pem"))
        out.load_cert_chain(self.path(f"{name}.pem"), self.path(f"{name}.key"))
        return out


class Peer:
    """One connection to a gate. `source` is an address of this host to come from; `tls` an SSLContext."""

    def __init__(self, port, source="127.0.0.1", tls=None, timeout=30, small_buffer=False):
        self.socket = socket.socket()
        if small_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.settimeout(timeout)
        self.socket.bind((source, 0))
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket)
        self.buffer = bytearray()
        self.methods = {}
        self.actor_node = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, data):
        self.socket.sendall(data)

    def try_send(self, data):
        """False when the node does not want to read all of it."""
        try:
            self.socket.sendall(data)
            return True
        except OSError:
            return False

    def close(self):
        self.socket.close()

    def _fill(self, size):
        while len(self.buffer) < size:
            more = self.socket.recv(65536)
            if not more:
                raise EOFError
            self.buffer += more

    def _take(self, size):
        self._fill(size)
        out = bytes(self.buffer[:size])
        del self.buffer[:size]
        return out

    def read_greeting(self):
        """The services' methods by name, or (code, words) of a refusal."""
        head = self._take(16)
        lowest, _, size = struct.unpack("<HHI", head[8:])
        body = self._take(size)
        if lowest == 0:
            parts = dict(fields(body))
            return parts[1], parts[2].decode()
        number = 0
        for key, value in fields(body):
            if key == 4:
                self.actor_node = value
            if key != 6:
                continue
            service = [(inner, content.decode()) for inner, content in fields(value)]
            for inner, content in service[1:]:
                if inner == 2:
                    self.methods[f"{service[0][1]}.{content}"] = number
                    number += 1
        return self.methods

    def greet(self, **content):
        self.send(greeting(**content))
        return self.read_greeting()

    def read_frame(self):
        size, kind = struct.unpack("<IB", self._take(5))
        return kind, self._take(size - 1)

    def until_closed(self, limit=20.0):
        """The frames that come before the connection ends; answers pings, so as not to be silent."""
        out = []
        end = time.monotonic() + limit
        try:
            while True:
                if time.monotonic() > end:
                    raise TimeoutError("the connection does not end")
                kind, body = self.read_frame()
                out.append((kind, body))
                if kind == PING:
                    self.try_send(frame(PONG, body))  # what is behind the ping is read all the same
        except (EOFError, ConnectionError, ssl.SSLError):
            return out

    def goodbye(self):
        """The reason with which the node ends the connection, or None."""
        frames = self.until_closed()
        return status_of(frames[-1][1]) if frames and frames[-1][0] == GOODBYE else None

    def pending(self):
        """Whether the beginning of a frame is there."""
        if self.buffer:
            return True
        self.socket.setblocking(False)
        try:
            self.buffer += self.socket.recv(65536)
        except (BlockingIOError, ssl.SSLWantReadError):
            pass
        finally:
            self.socket.settimeout(30)
        return bool(self.buffer)

    def wait_for(self, *kinds):
        """The next frame of these kinds."""
        while True:
            kind, body = self.read_frame()
            if kind == PING:
                self.send(frame(PONG, body))
            if kind in kinds:
                return kind, body

    def all_bytes(self):
        """What comes until the connection ends."""
        try:
            while more := self.socket.recv(65536):
                self.buffer += more
        except (ConnectionError, ssl.SSLError):
            pass
        return self.buffer
