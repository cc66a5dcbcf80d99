"""Reads or changes a Maildir with Python's own module: maildir.py read|write PATH."""

import json
import mailbox
import sys


def read(box):
    messages = sorted(box, key=lambda message: message["Subject"])
    return {
        "folders": sorted(box.list_folders()),
        "messages": [
            {"subject": message["Subject"], "flags": message.get_flags(), "subdir": message.get_subdir()}
            for message in messages
        ],
    }


def new_message(subject, flags):
    message = mailbox.MaildirMessage(f"From: a@example.org\nSubject: {subject}\n\nbody\n".encode())
    message.set_flags(flags)
    if flags:
        message.set_subdir("cur")
    return message


def write(box):
    for key, message in box.items():
        message.set_subdir("cur")
        message.set_flags("RS")
        box[key] = message
    box.add(new_message("theirs", "F"))
    box.remove(box.add(new_message("gone", "")))
    box.add_folder("Made").flush()
    box.add_folder("Made.Below").add(new_message("below", ""))
    box.flush()
    return None


action, path = sys.argv[1:]
print(json.dumps({"read": read, "write": write}[action](mailbox.Maildir(path))))
