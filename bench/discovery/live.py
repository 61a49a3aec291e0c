"""A cluster of Troupe and one of memberlist at the same time on the same hosts, member beside member; one of each is stopped
(SIGSTOP): its kernel still takes what arrives, and nobody answers."""
import signal
import statistics
import threading
import time

from hosts import Hosts

MEMBERS = 20
LOSS_PERCENT = 5
ALPHA = 5
SETTLE_SECONDS = 10  # once all know all
PATIENCE_SECONDS = 45
JOIN_SECONDS = 60


class Seen:
    """What the survivors of one kind saw, over all rounds."""

    def __init__(self):
        self.delays, self.last, self.missed, self.false_deaths = [], [], 0, 0

    def median(self):
        return statistics.median(self.delays) if self.delays else float("inf")

    def median_of_last(self):
        return statistics.median(self.last) if self.last else float("inf")

    def percentile(self, share):
        ordered = sorted(self.delays)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("inf")


class Cluster:
    """The members of one kind, and what they say."""

    def __init__(self, hosts, program):
        self.alive = [set() for _ in range(MEMBERS)]
        self.deaths = [[] for _ in range(MEMBERS)]  # (name, when)
        self.lock = threading.Lock()
        self.processes, self.readers = [], []
        for number in range(MEMBERS):
            process = hosts.start(number, program, f"n{number}", hosts.addresses[number], hosts.addresses[0], ALPHA)
            self.processes.append(process)
            self.readers.append(threading.Thread(target=self._read, args=(number, process), daemon=True))
            self.readers[-1].start()

    def _read(self, number, process):
        for line in process.stdout:
            words = line.split()
            if len(words) != 3 or words[1] == f"n{number}":
                continue
            what, name, when = words[0], words[1], int(words[2]) / 1e9
            with self.lock:
                if what == "joined":
                    self.alive[number].add(name)
                elif what in ("died", "left"):
                    self.alive[number].discard(name)
                    self.deaths[number].append((name, when))

    def complete(self):
        with self.lock:
            return all(len(one) == MEMBERS - 1 for one in self.alive)

    def knows(self, victim):
        """How many of the others hold it for dead."""
        with self.lock:
            return sum(1 for number, one in enumerate(self.alive) if number != victim and f"n{victim}" not in one)

    def end(self):
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.wait(10)
        for reader in self.readers:
            reader.join(10)


def wait_for(condition, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.1)
    return False


def one_round(hosts, programs, victim, seen):
    clusters = {}
    try:
        for name, program in programs.items():
            clusters[name] = Cluster(hosts, program)
        if not wait_for(lambda: all(one.complete() for one in clusters.values()), JOIN_SECONDS):
            raise RuntimeError("not all members met within a minute")
        time.sleep(SETTLE_SECONDS)
        stopped = {}
        for name, cluster in clusters.items():
            stopped[name] = time.time()
            cluster.processes[victim].send_signal(signal.SIGSTOP)
        wait_for(lambda: all(one.knows(victim) == MEMBERS - 1 for one in clusters.values()), PATIENCE_SECONDS)
        time.sleep(2)
    finally:
        for cluster in clusters.values():
            cluster.end()
    for name, cluster in clusters.items():
        delays = []
        for number in range(MEMBERS):
            if number == victim:
                continue
            right = [when - stopped[name] for who, when in cluster.deaths[number]
                     if who == f"n{victim}" and when >= stopped[name]]
            delays += right[:1]
            seen[name].missed += 0 if right else 1
            # Everyone else lives; and the victim did until it was stopped.
            seen[name].false_deaths += sum(1 for who, when in cluster.deaths[number]
                                           if who != f"n{victim}" or when < stopped[name])
        seen[name].delays += delays
        if delays:
            seen[name].last.append(max(delays))


def compare(programs, rounds, say):
    """By kind, what was seen."""
    seen = {name: Seen() for name in programs}
    say(f"{MEMBERS} hosts of one bridge, each losing {LOSS_PERCENT}% of what arrives, a member of either kind on each; "
        f"{rounds} rounds, one of each stopped")
    with Hosts(MEMBERS, LOSS_PERCENT) as hosts:
        for number in range(rounds):
            one_round(hosts, programs, 1 + (7 * number) % (MEMBERS - 1), seen)
    return seen
