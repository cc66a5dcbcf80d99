"""Sends mail with Python's smtplib, as a program of somebody else would.

smtp.py PORT SUBMISSION_PORT TLS_PORT LMTP_PORT LOGIN PASSWORD; prints one JSON object.
"""

import json
import smtplib
import ssl
import sys
from email.message import EmailMessage

port, submission_port, tls_port, lmtp_port = (int(word) for word in sys.argv[1:5])
login, password = sys.argv[5:7]
anyone = ssl.create_default_context()
anyone.check_hostname = False
anyone.verify_mode = ssl.CERT_NONE


def letter(subject, body="text\n"):
    message = EmailMessage()
    message["From"] = login
    message["To"] = "b@example.org"
    message["Subject"] = subject
    message.set_content(body)
    return message


answers = {}

with smtplib.SMTP("127.0.0.1", port) as client:
    client.ehlo("python.example")
    answers["features"] = sorted(client.esmtp_features)
    client.send_message(letter("plain"))
    refused = client.sendmail("a@client.example", ["b@example.org", "nobody@example.org"], b"Subject: partly\r\n\r\n.\r\n..\r\n")
    answers["refused"] = {address: reply[0] for address, reply in refused.items()}
    client.starttls(context=anyone)
    client.send_message(letter("starttls", ".\n" * 20000))
    answers["utf8"] = client.sendmail("jö@bücher.example", ["bö@example.org"], "Subject: ü\r\n\r\n".encode(), ["SMTPUTF8"])

with smtplib.SMTP("127.0.0.1", submission_port) as client:
    client.starttls(context=anyone)
    try:
        client.login(login, "wrong")
    except smtplib.SMTPAuthenticationError as error:
        answers["wrong"] = error.smtp_code
    client.user, client.password = login, password
    answers["login"] = client.auth("LOGIN", client.auth_login)[0]
    client.send_message(letter("auth login"))

with smtplib.SMTP_SSL("127.0.0.1", tls_port, context=anyone) as client:
    client.login(login, password)
    client.send_message(letter("auth plain"))

with smtplib.LMTP("127.0.0.1", lmtp_port) as client:
    # It reads one reply behind the message, so one recipient is all that it can do.
    answers["lmtp"] = client.sendmail(login, ["b@example.org"], b"Subject: lmtp\r\n\r\n")

print(json.dumps(answers))
