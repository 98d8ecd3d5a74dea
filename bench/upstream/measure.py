"""Measures a gateway in front of an upstream against the upstream itself. Prints a table; see bench/upstream.sh."""
import base64, hashlib, http.client, json, os, shutil, signal, socket, statistics, subprocess, sys, tempfile, threading, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.environ.get("PORTCULLIS", os.path.join(ROOT, "artifacts/bin/Portcullis.Server/release/portcullis"))
ROUNDS = int(sys.argv[1])
RESULTS = []
WARM_UP = int(os.environ.get("WARM_UP", "600"))
CLONES = int(os.environ.get("CLONES", "1000"))
ENVIRONMENT = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
ENVIRONMENT |= {name: os.environ[name] for name in ("DOTNET_ROOT", "LD_LIBRARY_PATH") if name in os.environ}


def report(what, value, goal="", is_met=None):
    """Keeps a row of the table, and shows it at once."""
    RESULTS.append((what, value, goal, "" if is_met is None else "yes" if is_met else "NO"))
    print(f"  {what}: {value}", flush=True)


def print_table():
    rows = [("what", "measured", "goal", "met"), *RESULTS]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    print()
    for number, row in enumerate(rows):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |")
        if number == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run(folder, *arguments, **variables):
    return subprocess.run(arguments, cwd=folder, env=ENVIRONMENT | {"HOME": folder} | variables, check=True, capture_output=True, text=True).stdout.strip()


class Portcullis:
    """The program, with everything on that is on by default."""

    def __init__(self, folder, settings=""):
        self.folder, self.port = folder, free_port()
        os.makedirs(folder)
        with open(f"{folder}/portcullis.yaml", "w") as file:
            file.write(f'server: {{ listen: ["http://127.0.0.1:{self.port}"], publicUrl: "http://127.0.0.1:{self.port}" }}\ndata: ./data\n{settings}')
        self.process = subprocess.Popen(
            [PROGRAM, "serve", "--config", "portcullis.yaml"], cwd=folder, env=ENVIRONMENT | {"HOME": folder}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in self.process.stdout:
            if "listening on" in line:
                break
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def token(self, *permissions):
        return run(self.folder, PROGRAM, "token", "issue", "--config", "portcullis.yaml", "--subject", "bench", "--lifetime", "50m",
                   *[part for permission in permissions for part in ("--permission", permission)])

    def peak_memory(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))

    def processor_time(self):
        """Seconds, of all threads."""
        with open(f"/proc/{self.process.pid}/stat") as status:
            fields = status.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def fetches(self):
        lines = []
        for name in os.listdir(f"{self.folder}/data/audit"):
            if name.endswith(".jsonl"):
                with open(f"{self.folder}/data/audit/{name}") as file:
                    lines += [json.loads(line) for line in file if line.endswith("}\n")]
        return sum(line.get("operation") == "fetch" and line.get("outcome") == "allowed" for line in lines)

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Nginx:
    """nginx with git http-backend behind fcgiwrap."""

    def __init__(self, folder, repositories):
        self.port = free_port()
        os.makedirs(folder)
        with open(f"{folder}/htpasswd", "w") as file:
            file.write("gateway:{SHA}" + base64.b64encode(hashlib.sha1(b"secret").digest()).decode() + "\n")
        parameters = {"SCRIPT_FILENAME": "/usr/lib/git-core/git-http-backend", "GIT_PROJECT_ROOT": repositories, "GIT_HTTP_EXPORT_ALL": '"1"', "PATH_INFO": "$1",
                      "QUERY_STRING": "$query_string", "REQUEST_METHOD": "$request_method", "CONTENT_TYPE": "$content_type", "CONTENT_LENGTH": "$content_length",
                      "REMOTE_USER": "$remote_user", "GIT_PROTOCOL": "$http_git_protocol"}
        with open(f"{folder}/nginx.conf", "w") as file:
            file.write(f"daemon off; master_process off; pid {folder}/pid; error_log stderr; events {{}} http {{ access_log off; client_max_body_size 0;"
                       + "".join(f" {name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
                       + f" fastcgi_buffering off; server {{ listen 127.0.0.1:{self.port}; location ~ ^/(.*)$ {{ auth_basic up; auth_basic_user_file {folder}/htpasswd; fastcgi_pass unix:{folder}/fcgi;"
                       + "".join(f" fastcgi_param {name} {value};" for name, value in parameters.items()).replace("PATH_INFO $1", "PATH_INFO /$1") + " } } }")
        self.processes = [subprocess.Popen(["fcgiwrap", "-c", "4", "-s", f"unix:{folder}/fcgi"], stderr=subprocess.DEVNULL, start_new_session=True)]
        while not os.path.exists(f"{folder}/fcgi"):
            time.sleep(0.02)
        self.processes.append(subprocess.Popen(["/usr/sbin/nginx", "-c", f"{folder}/nginx.conf", "-e", "stderr", "-p", folder], stderr=subprocess.DEVNULL, start_new_session=True))
        while socket.socket().connect_ex(("127.0.0.1", self.port)):
            time.sleep(0.02)

    def stop(self):
        # fcgiwrap does not end its children.
        for process in self.processes:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()


class Client:
    """Speaks protocol version 2 over one connection that stays open."""

    def __init__(self, port, authorization):
        self.port, self.headers = port, {"Authorization": authorization, "Git-Protocol": "version=2"}
        self.connection = http.client.HTTPConnection("127.0.0.1", port)

    def ask(self, path, body=None):
        headers = self.headers | ({"Content-Type": "application/x-git-upload-pack-request"} if body else {})
        self.connection.request("POST" if body else "GET", path, body, headers)
        response = self.connection.getresponse()
        assert response.status == 200, (response.status, response.read())
        size = 0
        while part := response.read(1 << 18):
            size += len(part)
        return size

    def list_refs(self, repository):
        self.ask(f"/{repository}.git/info/refs?service=git-upload-pack")
        return self.ask(f"/{repository}.git/git-upload-pack", b"0014command=ls-refs\n0016object-format=sha1" b"0001" b"0009peel\n" b"000csymrefs\n" b"0000")

    def fetch(self, repository, want):
        return self.ask(f"/{repository}.git/git-upload-pack", b"0012command=fetch\n0016object-format=sha1" b"0001" b"000dofs-delta"
                        + f"0032want {want}\n".encode() + b"0009done\n" b"0000")


def interleaved(rounds, ways):
    """Seconds that each way takes, by name."""
    times = {name: [] for name in ways}
    for round_number in range(rounds):
        names = list(ways)
        for name in names if round_number % 2 else reversed(names):
            begun = time.perf_counter()
            ways[name]()
            times[name].append(time.perf_counter() - begun)
    return times


def make_repository(folder, path, megabytes):
    """A repository whose objects don't compress. Gives its tip."""
    work = f"{folder}/work-{megabytes}"
    run(folder, "git", "init", "-q", "-b", "main", work)
    for number in range(max(1, megabytes)):
        with open(f"{work}/{number}.bin", "wb") as file:
            file.write(os.urandom((1 << 20) if megabytes else 1000))
    identity = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in (("NAME", "a"), ("EMAIL", "a@example.com"))}
    run(work, "git", "add", ".", **identity)
    run(work, "git", "-c", "core.compression=0", "commit", "-q", "-m", "all", **identity)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    run(folder, "git", "clone", "-q", "--bare", work, path)
    run(path, "git", "repack", "-q", "-a", "-d")
    return run(path, "git", "rev-parse", "main")


def clone(folder, port, authorization, repository):
    """With git itself, which takes the pack in and checks it."""
    target = f"{folder}/clone"
    run(folder, "git", "-c", f"http.extraHeader=Authorization: {authorization}", "clone", "-q", "--bare", f"http://127.0.0.1:{port}/{repository}.git", target)
    shutil.rmtree(target)


def confine(processes, processors):
    """Lets processes, with all their threads, run on some processors alone; what they start inherits it."""
    for process in processes:
        for thread in os.listdir(f"/proc/{process}/task"):
            os.sched_setaffinity(int(thread), processors)


def measure(name, port, upstream_processes, authorization, folder, want, gateway_folder, credential):
    gateway = Portcullis(gateway_folder, f'upstreams: [ {{ match: "*", url: "http://127.0.0.1:{port}", credential: {credential} }} ]\n')
    try:
        token = "Bearer " + gateway.token("git:*:pull")
        direct, through = Client(port, authorization), Client(gateway.port, token)
        # Code that runs for the first time is compiled then.
        for client in (direct, through):
            for _ in range(WARM_UP):
                client.list_refs("small")
        begun = gateway.processor_time()
        times = interleaved(ROUNDS, {"direct": lambda: direct.list_refs("small"), "through": lambda: through.list_refs("small")})
        spent = (gateway.processor_time() - begun) / ROUNDS * 1000
        medians = {way: statistics.median(values) * 1000 for way, values in times.items()}
        added = medians["through"] - medians["direct"]
        report(f"{name}: ls-remote, added", f"{added:.2f} ms to {medians['direct']:.2f} ms; {spent:.2f} ms of processor time", "below 2 ms", added < 2)
        peaks = {0: gateway.peak_memory()}
        for megabytes in (50, 200):
            repository = f"large-{megabytes}"
            begun, count = gateway.processor_time(), max(3, ROUNDS // 20)
            times = interleaved(count, {"direct": lambda: direct.fetch(repository, want[megabytes]), "through": lambda: through.fetch(repository, want[megabytes])})
            spent = (gateway.processor_time() - begun) / count / megabytes * 1024
            rates = {way: megabytes / statistics.median(values) for way, values in times.items()}
            report(f"{name}: pack of {megabytes} MiB to a client that throws it away", f"{rates['direct']:.0f} MiB/s, {rates['through']:.0f} through; {spent:.2f} s of processor time a GiB")
            peaks[megabytes] = gateway.peak_memory()
        ways = {"direct": lambda: clone(folder, port, authorization, "large-200"), "through": lambda: clone(folder, gateway.port, token, "large-200")}
        # All of a clone shares the processors here; the second time the gateway has one of its own, as on a machine of its own, and the others have the rest.
        for where in ("", ", the gateway on a processor of its own"):
            if where:
                processors = os.sched_getaffinity(0)
                if len(processors) < 2:
                    break
                own = {max(processors)}
                confine([os.getpid(), *upstream_processes], processors - own)
                confine([gateway.process.pid], own)
            times = interleaved(max(5, ROUNDS // 20), ways)
            medians = {way: statistics.median(values) for way, values in times.items()}
            slower = 100 * (1 - medians["direct"] / medians["through"])
            report(f"{name}: git clone of 200 MiB{where}", f"{200 / medians['direct']:.0f} MiB/s, {200 / medians['through']:.0f} through ({-slower:+.1f} %)", "within 5 %", slower <= 5)
            if where:
                confine([os.getpid(), *upstream_processes], processors)
        report(f"{name}: gateway's peak memory", f"{peaks[0]:.0f} MiB, {peaks[50]:.0f} after packs of 50 MiB, {peaks[200]:.0f} after 200 MiB", "no growth with the pack (16 MiB)", peaks[200] - peaks[50] < 16)
    finally:
        gateway.stop()


def measure_cache(upstream, folder, want, credential):
    gateway = Portcullis(f"{folder}/cached", f'upstreams: [ {{ match: "*", url: "http://127.0.0.1:{upstream.port}", cache: true, credential: {credential} }} ]\n')
    try:
        token, before = "Bearer " + gateway.token("git:*:pull"), upstream.fetches()
        begun = time.perf_counter()

        def clone_some(count):
            client = Client(gateway.port, token)
            for _ in range(count):
                client.list_refs("large-50")
                client.fetch("large-50", want[50])

        threads = [threading.Thread(target=clone_some, args=(CLONES // 20,)) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        fetches = upstream.fetches() - before
        report(f"cache: {CLONES // 20 * 20} clones of 50 MiB by 20 clients at once", f"{fetches} fetch{'es' if fetches != 1 else ''} from the upstream, {time.perf_counter() - begun:.1f} s", "1 fetch", fetches == 1)
    finally:
        gateway.stop()


def main():
    folder = tempfile.mkdtemp(prefix="portcullis-bench-")
    upstream = nginx = None
    try:
        upstream = Portcullis(f"{folder}/upstream")
        repositories = f"{folder}/upstream/data/repositories"
        want = {megabytes: make_repository(folder, f"{repositories}/{'small' if not megabytes else f'large-{megabytes}'}.git", megabytes) for megabytes in (0, 50, 200)}
        token = upstream.token("git:*:pull")
        with open(f"{folder}/token", "w") as file:
            file.write(token)
        with open(f"{folder}/password", "w") as file:
            file.write("secret")
        bearer = f'{{ kind: bearer, secretFile: "{folder}/token" }}'
        measure("portcullis", upstream.port, [upstream.process.pid], "Bearer " + token, folder, want, f"{folder}/before-portcullis", bearer)
        if shutil.which("fcgiwrap") and os.path.exists("/usr/sbin/nginx"):
            nginx = Nginx(f"{folder}/nginx", repositories)
            basic = "Basic " + base64.b64encode(b"gateway:secret").decode()
            measure("nginx, git http-backend", nginx.port, [process.pid for process in nginx.processes], basic, folder, want, f"{folder}/before-nginx", f'{{ kind: basic, userName: gateway, secretFile: "{folder}/password" }}')
        measure_cache(upstream, folder, want, bearer)
        print_table()
    finally:
        for server in (nginx, upstream):
            if server:
                server.stop()
        shutil.rmtree(folder)


main()
