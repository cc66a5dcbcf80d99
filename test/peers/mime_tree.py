"""Reads every file of a folder with Python's email package; prints the trees as JSON: { name: tree }."""

import email
import email.policy
import json
import os
import sys


def tree(part):
    kind = part.get_content_type()
    if part.is_multipart():
        nodes = [tree(each) for each in part.get_payload()]
        return {"type": kind, "nodes": nodes}
    body = part.get_payload(decode=True)
    return {"type": kind, "size": -1 if body is None else len(body), "filename": part.get_filename()}


def read(path):
    with open(path, "rb") as file:
        # Not message_from_binary_file: that one turns CRLF into LF first.
        message = email.message_from_bytes(file.read(), policy=email.policy.compat32)
    try:
        return tree(message)
    except Exception as error:  # what fails in Python is a difference to be listed, not an end of the run
        return {"type": "error", "error": repr(error)}


folder = sys.argv[1]
json.dump({name: read(os.path.join(folder, name)) for name in sorted(os.listdir(folder))}, sys.stdout)
