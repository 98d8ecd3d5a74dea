"""Writes a history for `git fast-import`: MEGABYTES of content that can't be compressed, in files of KILOBYTES, ten to a commit.

The same arguments give the same history, so that every server and every run has the same objects.
"""
import random
import sys


def main() -> None:
    megabytes, kilobytes = float(sys.argv[1]), int(sys.argv[2])
    source = random.Random(1)
    out = sys.stdout.buffer
    files = max(1, int(megabytes * 1024 / kilobytes))
    for number in range(files):
        if number % 10 == 0:
            message = f"part {number // 10}\n".encode()
            out.write(b"commit refs/heads/main\n")
            out.write(f"committer Bench <bench@example.com> {1700000000 + number} +0000\n".encode())
            out.write(f"data {len(message)}\n".encode() + message)
        content = source.randbytes(kilobytes * 1024)
        out.write(f"M 100644 inline d{number % 97}/d{number % 13}/f{number}\ndata {len(content)}\n".encode() + content + b"\n")
    out.write(b"done\n")


main()
