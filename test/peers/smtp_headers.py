"""Sends texts with Python's smtplib, and reads messages with its email package.

smtp_headers.py send PORT LMTP_PORT FOLDER: each file of the folder by DATA, BDAT and LMTP.
smtp_headers.py read FOLDER: prints { name: [names of fields, body, defects] } as JSON.
"""

import email
import email.policy
import json
import os
import smtplib
import sys

sender, recipient = "a@client.example", "b@example.org"


def files(folder):
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as file:
            yield name, file.read()


def by_chunks(client, octets):
    client.ehlo()
    client.mail(sender)
    client.rcpt(recipient)
    for start in range(0, len(octets), 7):
        chunk = octets[start : start + 7]
        client.send(b"BDAT %d\r\n%s" % (len(chunk), chunk))
        client.getreply()
    code, text = client.docmd("BDAT", "0 LAST")
    if code != 250:
        raise smtplib.SMTPDataError(code, text)


def send(port, lmtp_port, folder):
    for _, octets in files(folder):
        with smtplib.SMTP("127.0.0.1", int(port)) as client:
            client.sendmail(sender, [recipient], octets)
        with smtplib.SMTP("127.0.0.1", int(port)) as client:
            by_chunks(client, octets)
        with smtplib.LMTP("127.0.0.1", int(lmtp_port)) as client:
            client.sendmail(sender, [recipient], octets)


def read(folder):
    found = {}
    for name, octets in files(folder):
        message = email.message_from_bytes(octets, policy=email.policy.default)
        defects = [type(defect).__name__ for defect in message.defects]
        found[name] = [message.keys(), message.get_payload(), defects]
    print(json.dumps(found))


{"send": send, "read": read}[sys.argv[1]](*sys.argv[2:])
