"""Reads what was exported with Python's own module: migration.py maildir|mbox PATH."""

import json
import mailbox
import sys


def facts(message):
    found = {
        "subject": message["Subject"],
        "flags": "".join(sorted(message.get_flags())),
        "body": message.get_payload(),
    }
    if isinstance(message, mailbox.MaildirMessage):
        found["date"] = int(message.get_date())
    else:
        found["keywords"] = (message["X-Keywords"] or "").split()
        found["from"] = message.get_from().split(" ", 1)[0]
    return found


def sorted_facts(box):
    return sorted((facts(message) for message in box), key=lambda each: each["subject"])


form, path = sys.argv[1:]
if form == "maildir":
    root = mailbox.Maildir(path, create=False)
    result = {"INBOX": sorted_facts(root)}
    for name in root.list_folders():
        result[name] = sorted_facts(root.get_folder(name))
else:
    result = {"INBOX": sorted_facts(mailbox.mbox(path, create=False))}
print(json.dumps(result))
