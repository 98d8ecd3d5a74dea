"""Prints the samples of bench/compare.sh as a Markdown table. Usage: report.py SAMPLES <WORKLOADS"""
import collections
import statistics
import sys

OURS = "portcullis"
NAMES = {"nginx": "nginx", "lighttpd": "lighttpd", "haproxy": "HAProxy jwt_verify + nginx", "apache": "Apache + mod_auth_openidc", OURS: "Portcullis"}


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def time(milliseconds: float) -> str:
    return f"{number(milliseconds)} ms" if milliseconds >= 1 else f"{number(milliseconds * 1000)} µs"


def cell(values: list[float], cpu: list[float]) -> str:
    """Median (lowest to highest), processor time of one operation."""
    middle = number(statistics.median(values))
    if len(values) > 1:
        middle += f" ({number(min(values))}–{number(max(values))})"
    return middle + (f"; {time(statistics.median(cpu))}" if cpu and any(cpu) else "")


def main() -> None:
    samples: dict[str, dict[str, list[tuple[float, float]]]] = collections.defaultdict(lambda: collections.defaultdict(list))
    broken = set()
    for line in open(sys.argv[1], encoding="utf-8"):
        workload, server, _, value, cpu = line.rstrip("\n").split("\t")
        if value == "failed":
            broken.add((workload, server))
        else:
            samples[workload][server].append((float(value), float(cpu or 0)))
    servers = [name for name in NAMES if any(name in row for row in samples.values()) or any(name == server for _, server in broken)]

    print("| work | unit | " + " | ".join(NAMES[name] for name in servers) + " | Portcullis to the best other | goal | processor time to the least other |")
    print("|---" * (len(servers) + 5) + "|")
    for line in sys.stdin:
        workload, unit, goal, *_ = line.rstrip("\n").split("|")
        row = samples.get(workload, {})
        if not row and not any(workload == name for name, _ in broken):
            continue
        cells, medians, cpus = [], {}, {}
        for server in servers:
            if (workload, server) in broken:
                cells.append("fails")
            elif server in row:
                values, cpu = [list(column) for column in zip(*row[server])]
                cells.append(cell(values, cpu))
                medians[server] = statistics.median(values)
                cpus[server] = statistics.median(cpu)
            else:
                cells.append("")
        rate = unit.endswith("/s")
        others = [value for server, value in medians.items() if server != OURS]
        ratio = reached = cpu_ratio = ""
        if OURS in medians and others:
            best = max(others) if rate else min(others)
            share = medians[OURS] / best if best else 0
            ratio = f"{share:.2f}"
            if goal and not goal.startswith("="):
                reached = (f"≥ {goal}" if rate else f"≤ {goal}") + (": yes" if (share >= float(goal) if rate else share <= float(goal)) else ": **no**")
            least = min((cpu for server, cpu in cpus.items() if server != OURS and cpu > 0), default=0)
            if least and cpus[OURS]:
                cpu_ratio = f"1/{least / cpus[OURS]:.0f}" if least >= 10 * cpus[OURS] else f"{cpus[OURS] / least:.2f}"
        if goal.startswith("=") and OURS in medians:
            reached = f"< {goal[1:]} {unit}" + (": yes" if medians[OURS] < float(goal[1:]) else ": **no**")
        print(f"| {workload} | {unit} | " + " | ".join(cells) + f" | {ratio} | {reached} | {cpu_ratio} |")


main()
