"""Logs in by CRAM-MD5 with Python's imaplib and smtplib and prints what it saw as JSON: IMAPPORT SMTPPORT USER, PASSWORD on stdin."""
import imaplib
import json
import smtplib
import ssl
import sys

imap_port, smtp_port, user = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
right = sys.stdin.read()
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE


def by_imap(password):
    client = imaplib.IMAP4('127.0.0.1', imap_port, timeout=60)
    client.starttls(context)
    try:
        return client.login_cram_md5(user, password)[0]
    except imaplib.IMAP4.error as error:
        return str(error)
    finally:
        client.logout()


def by_smtp(password):
    with smtplib.SMTP('127.0.0.1', smtp_port, 'client.example', timeout=60) as client:
        client.starttls(context=context)
        client.ehlo()
        client.user, client.password = user, password
        try:
            # Without an initial response: it has none.
            return client.auth('CRAM-MD5', client.auth_cram_md5, initial_response_ok=False)[0]
        except smtplib.SMTPAuthenticationError as error:
            return error.smtp_code


print(json.dumps({call.__name__: [call(right), call('wrong')] for call in (by_imap, by_smtp)}))
