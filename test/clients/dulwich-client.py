#!/usr/bin/python3
"""Clones, fetches or pushes with dulwich.  usage: dulwich-client.py clone|fetch|push URL FOLDER [SOURCE:TARGET]

The token comes from PORTCULLIS_TOKEN; PORTCULLIS_TOKEN_AS says how it is sent: bearer or password.
"""
import os
import sys

import urllib3
from dulwich import porcelain
from dulwich.client import HttpGitClient
from dulwich.repo import Repo

operation, url, folder = sys.argv[1:4]
token = os.environ["PORTCULLIS_TOKEN"]
base, path = url.rsplit("/", 2)[0], "/".join(url.rsplit("/", 2)[1:])
if os.environ["PORTCULLIS_TOKEN_AS"] == "bearer":
    client = HttpGitClient(base, pool_manager=urllib3.PoolManager(headers={"Authorization": "Bearer " + token}))
else:
    client = HttpGitClient(base, username="alice", password=token)


def fail(error):
    print("%s: %s" % (type(error).__name__, error), file=sys.stderr)
    sys.exit(1)


try:
    if operation == "clone":
        repository = Repo.init(folder, mkdir=True)
        result = client.fetch(path, repository)
        for name, value in result.refs.items():
            if name.startswith(b"refs/heads/"):
                repository.refs[b"refs/remotes/origin/" + name[11:]] = value
            elif name.startswith(b"refs/tags/") and not name.endswith(b"^{}"):
                repository.refs[name] = value
        head = result.symrefs.get(b"HEAD", b"refs/heads/main")
        if head in result.refs:
            repository.refs[head] = result.refs[head]
            repository.refs.set_symbolic_ref(b"HEAD", head)
            repository.reset_index()
    elif operation == "fetch":
        repository = Repo(folder)
        result = client.fetch(path, repository)
        for name, value in result.refs.items():
            if name.startswith(b"refs/heads/"):
                repository.refs[b"refs/remotes/origin/" + name[11:]] = value
    elif operation == "push":
        repository = Repo(folder)
        source, target = (name.encode() for name in sys.argv[4].split(":"))
        new = repository.refs[source]

        def update(refs):
            return {target: new}

        result = client.send_pack(path, update, repository.object_store.generate_pack_data, progress=lambda text: sys.stderr.write(text.decode()))
        refused = {name: why for name, why in (result.ref_status or {}).items() if why}
        for name, why in refused.items():
            print("%s: %s" % (name.decode(), why if isinstance(why, str) else why.decode()), file=sys.stderr)
        if refused:
            sys.exit(1)
    else:
        sys.exit(2)
except Exception as error:  # what dulwich throws differs from release to release
    fail(error)
