"""What clients see while a PostgreSQL cluster under Patroni loses its primary, a node or a standby.

Two instances of Tollgate serve one database; four clients make orders, and repeat a request that was not answered
well, at the other instance, until it is: what every client of the API does. Then each order that was answered 201 is
looked for. `scripts/patroni measure [CASE…]` runs it; TOLLGATE names the binary. Prints the table of
docs/high-availability.md, and fails where an answered order is missing and nobody has said so.
"""

import http.client
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
BINARY = os.environ.get("TOLLGATE") or str(
    pathlib.Path(os.environ.get("CARGO_TARGET_DIR", HERE.parent / "target")) / "debug" / "tollgate"
)
KEY = "tg_test_0123456789abcdef0123456789abcdef"
CLIENTS = 4
PATIENCE = 120.0

# The name, how the cluster is, what is done, and by which door instances come to it.
CASES = {
    "switchover": ("strict", "switchover", "hosts"),
    "switchover-haproxy": ("strict", "switchover", "haproxy"),
    "primary-killed": ("strict", "kill", "hosts"),
    "node-killed": ("strict", "lose", "hosts"),
    "node-killed-haproxy": ("strict", "lose", "haproxy"),
    "node-frozen": ("strict", "freeze", "hosts"),
    "standby-lost": ("strict", "standby", "hosts"),
    "standbys-lost-strict": ("strict", "standbys", "hosts"),
    "standbys-lost-sync": ("sync", "standbys", "hosts"),
    "node-killed-async": ("async", "lose-behind", "hosts"),
}


def patroni(*words):
    done = subprocess.run([HERE / "patroni", *words], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"scripts/patroni {' '.join(map(str, words))}: {done.stderr}")
    return done.stdout.strip()


class Instance:
    """A server of Tollgate's."""

    def __init__(self, home, url, number):
        self.folder = home / f"instance-{number}"
        self.folder.mkdir()
        self.file = self.folder / "tollgate.toml"
        self.file.write_text(
            f'[server]\nlisten = "127.0.0.1:0"\n[store]\nurl = "{url}"\n'
            f'[api]\nbootstrap_key = "literal:{KEY}"\n[log]\nformat = "logfmt"\n'
        )
        self.said = open(self.folder / "said", "w")
        self.process = subprocess.Popen(
            [BINARY, "--config", self.file, "serve"], stdout=self.said, stderr=self.said, cwd=self.folder
        )
        begun = time.monotonic()
        while True:
            found = re.search(r"http://(127\.0\.0\.1:\d+)|address=(127\.0\.0\.1:\d+)", self.log())
            if found:
                self.address = found.group(1) or found.group(2)
                break
            if self.process.poll() is not None or PATIENCE < time.monotonic() - begun:
                raise SystemExit(f"an instance has not started: {self.log()}")
            time.sleep(0.05)

    def log(self):
        return (self.folder / "said").read_text()

    def end(self):
        self.process.kill()
        self.process.wait()
        self.said.close()

    def ask(self, method, path, body=None, key=None, patience=5.0):
        """The status and the body."""
        connection = http.client.HTTPConnection(self.address, timeout=patience)
        headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        try:
            connection.request(method, path, body and json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


class Load:
    """Clients that make orders, and what they were answered."""

    def __init__(self, instances, name):
        self.instances = instances
        self.name = name
        self.answered = []  # (when, code)
        self.refused = 0
        self.unheard = 0
        self.odd = []
        self.stop = threading.Event()
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.play, args=(n,)) for n in range(CLIENTS)]

    def start(self):
        for thread in self.threads:
            thread.start()

    def play(self, number):
        turn = number
        order = 0
        while not self.stop.is_set():
            order += 1
            code = f"{self.name}-{number}-{order}"
            body = {
                "code": code,
                "currency": "IDR",
                "lines": [{"sku": "A", "quantity": 1, "unit_amount": 10000}],
            }
            while not self.stop.is_set():
                instance = self.instances[turn % len(self.instances)]
                try:
                    status, said = instance.ask("POST", "/v1/orders", body, key=code)
                except OSError:
                    status, said = None, b""
                except http.client.HTTPException:
                    status, said = None, b""
                with self.lock:
                    if status in (200, 201):
                        self.answered.append((time.monotonic(), code))
                        break
                    if status == 503:
                        self.refused += 1
                    elif status is None:
                        self.unheard += 1
                    else:
                        self.odd.append((status, said[:300]))
                turn += 1
                time.sleep(0.05)
            time.sleep(0.01)

    def end(self):
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def count(self):
        with self.lock:
            return len(self.answered)

    def wait_for_more(self, count, patience=PATIENCE):
        wanted = self.count() + count
        begun = time.monotonic()
        while self.count() < wanted:
            if patience < time.monotonic() - begun:
                return False
            time.sleep(0.05)
        return True

    def stall(self, since):
        """The longest time without an answer, from then on."""
        with self.lock:
            times = [since] + sorted(when for when, _ in self.answered if since <= when)
        return max((after - before for before, after in zip(times, times[1:])), default=float("inf"))


def disturb(folder, what):
    """Does it; what is to be undone in the end."""
    leader = patroni("leader", folder)
    others = [node for node in "abc" if node != leader]
    if what == "switchover":
        patroni("switchover", folder)
        return []
    if what == "kill":
        patroni("kill", folder, leader)
        return []
    if what == "lose":
        patroni("lose", folder, leader)
        return [("back", leader)]
    if what == "lose-behind":
        # The standbys are away while orders are answered; then the primary is gone, and they come back without those.
        for node in others:
            patroni("lose", folder, node)
        return [("behind", leader, others)]
    if what == "freeze":
        patroni("freeze", folder, leader)
        return [("thaw", leader)]
    lost = others[:1] if what == "standby" else others
    for node in lost:
        patroni("lose", folder, node)
    return [("back", node) for node in lost]


def failover(instance):
    done = subprocess.run(
        [BINARY, "--config", instance.file, "failover", "--json"], capture_output=True, text=True, cwd=instance.folder
    )
    return json.loads(done.stdout) if done.returncode == 0 else {"missing": [], "said": done.stderr}


class Scene:
    """A cluster with two instances, for all cases that want it so."""

    def __init__(self, mode, door):
        self.mode = mode
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="patroni-"))
        self.home.chmod(0o755)
        self.folder = self.home / "cluster"
        self.instances = []
        try:
            hosts, proxy = patroni("start", self.folder, mode).splitlines()
            url = hosts if door == "hosts" else proxy
            self.instances = [Instance(self.home, url, number) for number in range(2)]
            stocked = self.instances[0].ask("PUT", "/v1/stock/A", {"on_hand": 10000000}, patience=30)
            assert stocked[0] in (200, 201), stocked
        except BaseException:
            self.end()
            raise

    def end(self):
        for instance in self.instances:
            instance.end()
        patroni("stop", self.folder)
        print(f"  {self.home}", file=sys.stderr, flush=True)


def run(scene, name):
    _, what, door = CASES[name]
    folder, instances, mode = scene.folder, scene.instances, scene.mode
    patroni("wait", folder)
    load = Load(instances, name)
    said, note = [], ""
    try:
        load.start()
        assert load.wait_for_more(100), "nothing is answered"
        since = time.monotonic()
        undo = disturb(folder, what)
        if what == "lose-behind":
            _, leader, others = undo[0]
            load.wait_for_more(100)
            since = time.monotonic()
            patroni("lose", folder, leader)
            for node in others:
                patroni("back", folder, node)
            begun = time.monotonic()
            while not said and time.monotonic() - begun < PATIENCE:
                said = failover(instances[0])["missing"]
                time.sleep(0.5)
            note = f"said after {time.monotonic() - since:.0f} s"
            before = load.count()
            time.sleep(3)
            # The other instance may have found its own meanwhile.
            said = failover(instances[0])["missing"]
            assert load.count() == before, "orders are answered although some are missing"
            done = subprocess.run(
                [BINARY, "--config", instances[0].file, "failover", "accept", "--yes"],
                capture_output=True, text=True, cwd=instances[0].folder,
            )
            assert done.returncode == 0, done.stderr
            load.wait_for_more(100)
            undo = [("back", leader)]
        elif what == "standbys" and mode == "strict":
            # Nothing is answered until one is back.
            time.sleep(20)
            assert not load.wait_for_more(10, patience=5), "it is answered although no standby is there"
            note = "until a standby is back"
            for word, node in undo:
                patroni(word, folder, node)
            undo = []
            assert load.wait_for_more(100), "it does not go on"
        else:
            assert load.wait_for_more(100), "it does not go on"
            if what in ("kill", "lose", "freeze"):
                # Longer than Patroni takes to find that its primary is gone.
                time.sleep(35)
            assert load.wait_for_more(100), "it does not go on"
        for word, node in undo:
            patroni(word, folder, node)
        if undo:
            # The old primary is back, and nobody goes to it.
            time.sleep(10)
            load.wait_for_more(50)
    finally:
        load.end()
    stall = load.stall(since)
    lost = missing(instances, [code for _, code in load.answered])
    told = sum(each["answers"] for each in said)
    print(
        f"| {name} | {mode} | {door} | {stall:.1f} s | {len(load.answered)} | {load.refused} | {load.unheard} "
        f"| {lost} | {told if said else '-'} | {note} |",
        flush=True,
    )
    if load.odd:
        print(f"  other answers: {load.odd[:3]}", flush=True)
    return (lost == 0 or lost <= told) and not load.odd


def missing(instances, codes):
    """How many of these orders are not there."""
    lost = 0
    for code in codes:
        for attempt in range(200):
            try:
                status, _ = instances[attempt % 2].ask("GET", f"/v1/orders/{code}")
            except OSError:
                status = None
            if status == 200:
                break
            if status == 404:
                lost += 1
                break
            time.sleep(0.1)
        else:
            raise SystemExit(f"{code} cannot be looked up")
    return lost


def main():
    names = sys.argv[1:] or list(CASES)
    print("| case | mode | by | longest silence | answered | 503 | not heard | missing | said to be missing | |")
    print("|---|---|---|---|---|---|---|---|---|---|", flush=True)
    scenes = {}
    for name in names:
        mode, _, door = CASES[name]
        scenes.setdefault((mode, door), []).append(name)
    good = True
    for (mode, door), cases in scenes.items():
        scene = Scene(mode, door)
        try:
            for name in cases:
                good = run(scene, name) and good
        finally:
            scene.end()
    if not good:
        raise SystemExit("an answered order is missing and nobody has said so, or an answer was none of these")


main()
