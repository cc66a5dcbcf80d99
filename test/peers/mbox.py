"""Reads or changes an mbox file with Python's own module: mbox.py read|write|add PATH [COUNT]."""

import json
import mailbox
import sys
import time


def read(box, _count):
    return [
        {"subject": message["Subject"], "flags": message.get_flags().replace(" ", ""), "body": message.get_payload()}
        for message in box
    ]


def new_message(subject, flags=""):
    message = mailbox.mboxMessage(f"From: a@example.org\nSubject: {subject}\n\nbody of {subject}\n".encode())
    message.set_flags(flags)
    return message


def lock(box):
    """Waits for the lock, which the module does not."""
    while True:
        try:
            return box.lock()
        except mailbox.ExternalClashError:
            time.sleep(0.005)


def write(box, _count):
    lock(box)
    for key, message in box.items():
        if message["Subject"] == "gone":
            box.remove(key)
        else:
            message.set_flags("RA")
            box[key] = message
    box.add(new_message("theirs", "F"))
    box.flush()
    box.unlock()
    return None


def add(box, count):
    for number in range(count):
        lock(box)
        box.add(new_message(f"python-{number}"))
        box.flush()
        box.unlock()
    return None


action, path, *rest = sys.argv[1:]
print(json.dumps({"read": read, "write": write, "add": add}[action](mailbox.mbox(path), int((rest or [0])[0]))))
