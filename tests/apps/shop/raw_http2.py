"""As much of HTTP/2 as it takes to send gRPC requests that no client library would send (RFC 9113, RFC 7541)."""
import socket
import struct

DATA, HEADERS, RST_STREAM, SETTINGS, GOAWAY, CONTINUATION = 0, 1, 3, 4, 7, 9
END_STREAM, END_HEADERS = 1, 4


def literal(name, value):
    """A header field that is not indexed and not Huffman-coded."""
    def text(data):
        data = data.encode()
        if len(data) < 127:
            return bytes([len(data)]) + data
        rest, out = len(data) - 127, bytes([127])
        while rest >= 128:
            out += bytes([rest % 128 + 128])
            rest //= 128
        return out + bytes([rest]) + data
    return b"\0" + text(name) + text(value)


def request_head(path, more=()):
    return b"".join(literal(name, value) for name, value in [
        (":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "shop"),
        ("content-type", "application/grpc"), ("te", "trailers"), *more])


def message(data, length=None, flag=0):
    """A gRPC message with its prefix, whose length may be a lie."""
    return struct.pack(">BI", flag, len(data) if length is None else length) + data


class RawHttp2:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.socket.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        self.frame(SETTINGS, 0, 0, b"")

    def frame(self, kind, flags, stream, payload, length=None):
        size = len(payload) if length is None else length
        self.socket.sendall(struct.pack(">I", size)[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload)

    def call(self, path, body, stream=1, more=()):
        self.frame(HEADERS, END_HEADERS, stream, request_head(path, more))
        self.frame(DATA, END_STREAM, stream, body)

    def outcome(self, stream=1):
        """How the server ends the stream: "closed", "reset", "goaway", or the payloads of its header frames."""
        heads = b""
        buffer = b""
        try:
            while True:
                while len(buffer) < 9 or len(buffer) < 9 + int.from_bytes(buffer[:3], "big"):
                    more = self.socket.recv(65536)
                    if not more:
                        return "closed"
                    buffer += more
                size = int.from_bytes(buffer[:3], "big")
                kind, flags = buffer[3], buffer[4]
                of = int.from_bytes(buffer[5:9], "big") & 0x7fffffff
                payload, buffer = buffer[9:9 + size], buffer[9 + size:]
                if kind == GOAWAY:
                    return "goaway"
                if of == stream and kind == RST_STREAM:
                    return "reset"
                if of == stream and kind == HEADERS:
                    heads += payload
                if of == stream and kind in (HEADERS, DATA) and flags & END_STREAM:
                    return heads
        except ConnectionError:
            return "closed"

    def close(self):
        self.socket.close()
