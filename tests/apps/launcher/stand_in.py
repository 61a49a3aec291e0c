"""Stands in for a node, so that the launcher's tests decide how nodes behave: takes the flags and variables that a node
takes, writes its ports file, and has an operators' door. Settings of its own, as variables:

  TROUPE_STAND_IN__EXIT=3          ends at once with this exit code; in the file named by EXIT_UNLESS, when that is not there
  TROUPE_STAND_IN__STUBBORN=true   does not stop when told to
  TROUPE_STAND_IN__SILENT=true     never serves
  TROUPE_STAND_IN__FAR=true        the others are on hosts of their own: their doors' addresses mean this one's door here
"""
import http.server
import json
import os
import pathlib
import signal
import socket
import sys
import threading

FLAGS = dict(argument[2:].split("=", 1) for argument in sys.argv[1:])


def own(name):
    return os.environ.get(f"TROUPE_STAND_IN__{name}", "")


class Node:
    name = FLAGS["node.name"]
    folder = pathlib.Path(FLAGS["ports-file"]).parent
    draining = False
    seeds = [seed for seed in FLAGS.get("discovery.seeds", "").split(",") if seed]


def members():
    """Those that have written their ports, as gossip would tell."""
    out = []
    for file in sorted(Node.folder.glob("*.ports.json")):
        ports = json.loads(file.read_text())
        name = file.name.removesuffix(".ports.json")
        out.append({"name": name, "state": "alive", "process": "1", "incarnation": 1, "gossip": f"127.0.0.1:{ports['gossip']}",
                    "link": f"127.0.0.1:{ports['link']}", "admin": f"127.0.0.1:{Node.admin if own('FAR') else ports['admin']}", "zone": "", "version": "1.0",
                    "roles": FLAGS.get("discovery.roles", "").split(",") if name == Node.name else [], "capacity": 100,
                    "connected": True, "draining": name == Node.name and Node.draining})
    return {"self": Node.name, "cluster": FLAGS["link.cluster"], "phase": "member", "local_health": 0, "living": len(out),
            "decision": None, "members": out}


def services():
    place = {"node": Node.name, "health": "draining" if Node.draining else "ready", "instances": 1, "load": 3,
             "version": "1.0", "metadata": {}}
    return {"services": [{"service": each, "places": [place]} for each in FLAGS.get("node.services", "a.All").split(",")]}


class Door(http.server.BaseHTTPRequestHandler):
    def answer(self, status, body, kind="application/json"):
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self):
        pages = {"/admin/members": members, "/admin/services": services}
        if self.path in pages:
            self.answer(200, pages[self.path]())
        else:
            self.answer(404, {"title": "Not Found", "detail": f"there is no {self.path}"}, "application/problem+json")

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/admin/drain":
            Node.draining = not body.get("undo", False)
            self.answer(200, {"draining": Node.draining})
        elif self.path == "/admin/join" and "nowhere" in body["seeds"]:
            self.answer(400, {"title": "Bad Request", "detail": "'nowhere' is no seed"}, "application/problem+json")
        elif self.path == "/admin/join":
            self.answer(200, {"seeds": len(body["seeds"])})
        elif self.path == "/admin/leave":
            self.answer(202, {"leaving": True})
            os.kill(os.getpid(), signal.SIGTERM)

    def log_message(self, *_):
        pass


def port(group):
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", int(os.environ.get(f"TROUPE_{group.upper()}__PORT", FLAGS.get(f"{group}.port", "0")))))
    return holder, holder.getsockname()[1]


def main():
    print(f"this is {Node.name} with seeds {','.join(Node.seeds) or 'none'}", flush=True)
    for variable in ("SECRET", "GREETING"):
        print(f"{variable.lower()} {own(variable) or 'none'}", flush=True)
    if own("EXIT") and not (own("EXIT_UNLESS") and pathlib.Path(own("EXIT_UNLESS")).exists()):
        print("this cannot work", flush=True)
        return int(own("EXIT"))
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: None if own("STUBBORN") else stop.set())
    signal.signal(signal.SIGHUP, lambda *_: print("reloads", flush=True))
    if not own("SILENT"):
        door = http.server.ThreadingHTTPServer(("127.0.0.1", int(FLAGS.get("admin.port", "0"))), Door)
        threading.Thread(target=door.serve_forever, daemon=True).start()
        Node.admin = door.server_address[1]
        held = {group: port(group) for group in ("http", "grpc", "link", "discovery")}
        ports = {"http": held["http"][1], "grpc": held["grpc"][1], "admin": door.server_address[1], "link": held["link"][1],
                 "gossip": held["discovery"][1]}
        part = FLAGS["ports-file"] + ".part"
        pathlib.Path(part).write_text(json.dumps(ports))
        os.rename(part, FLAGS["ports-file"])
    while not stop.wait(0.02):
        pass
    print("draining", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
