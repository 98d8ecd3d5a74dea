#!/usr/bin/python3
"""Clones, fetches or pushes with libgit2.  usage: pygit2-client.py clone|fetch|push URL FOLDER [SOURCE:TARGET]

The token comes from PORTCULLIS_TOKEN and is sent as the password: libgit2's own way.
"""
import os
import sys

import pygit2

operation, url, folder = sys.argv[1:4]
token = os.environ["PORTCULLIS_TOKEN"]


class Callbacks(pygit2.RemoteCallbacks):
    refused = 0
    asked = 0

    def credentials(self, url, username_from_url, allowed_types):
        # libgit2 asks again after every 401.
        self.asked += 1
        if self.asked > 1:
            raise pygit2.GitError("the credential was not accepted")
        return pygit2.UserPass("alice", token)

    def push_update_reference(self, refname, message):
        if message is not None:
            self.refused += 1
            print("%s: %s" % (refname, message), file=sys.stderr)

    def sideband_progress(self, string):
        sys.stderr.write(string)


callbacks = Callbacks()
try:
    if operation == "clone":
        pygit2.clone_repository(url, folder, callbacks=callbacks)
    elif operation == "fetch":
        pygit2.Repository(folder).remotes["origin"].fetch(callbacks=callbacks)
    elif operation == "push":
        pygit2.Repository(folder).remotes["origin"].push([sys.argv[4]], callbacks=callbacks)
        if callbacks.refused:
            sys.exit(1)
    else:
        sys.exit(2)
except (pygit2.GitError, ValueError, OSError) as error:
    print("%s: %s" % (type(error).__name__, error), file=sys.stderr)
    sys.exit(1)
