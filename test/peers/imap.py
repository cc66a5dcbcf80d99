"""Drives an IMAP server with Python's imaplib and prints what it saw as JSON: PORT TLSPORT USER PASSWORD."""
import imaplib
import json
import re
import ssl
import sys

port, tls_port, user, password = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE


def text(values):
    return [value.decode('latin1') for value in values]


seen = {}
client = imaplib.IMAP4('127.0.0.1', port, timeout=30)
client.starttls(context)
client.login(user, password)
client.enable('CONDSTORE')
seen['selected'] = text(client.select('INBOX')[1])
seen['searched'] = text(client.search(None, 'SUBJECT', '"two"')[1])
sizes = text(client.fetch('1', '(RFC822.SIZE)')[1])
seen['sizes'] = [int(re.search(r'RFC822.SIZE (\d+)', line).group(1)) for line in sizes]
seen['header'] = client.fetch('1', '(BODY.PEEK[HEADER.FIELDS (SUBJECT)])')[1][0][1].decode('latin1')
stored = text(client.store('1', '+FLAGS', '(\\Flagged)')[1])
seen['stored'] = [flag for line in stored for flag in re.findall(r'\\Flagged', line)]
body = b'From: bob@example.org\r\nSubject: appended\r\n\r\nby imaplib\r\n'
client.create('Kept')
seen['appended'] = client.append('Kept', '(\\Seen)', imaplib.Time2Internaldate(0), body)[0]
seen['copied'] = client.uid('COPY', '1', 'Kept')[0]
seen['listed'] = any('Kept' in line for line in text(client.list()[1]))
client.store('1', '+FLAGS', '(\\Deleted)')
seen['expunged'] = text(client.expunge()[1])
seen['left'] = re.search(r'Subject: (\S+)', client.fetch('1', '(RFC822)')[1][0][1].decode('latin1')).group(1)
client.unselect()
seen['idle_free'] = client.noop()[0]
client.logout()

secure = imaplib.IMAP4_SSL('127.0.0.1', tls_port, ssl_context=context, timeout=30)
secure.authenticate('PLAIN', lambda _: b'\0' + user.encode() + b'\0' + password.encode())
seen['tls'] = text(secure.select('Kept', readonly=True)[1])
secure.logout()
print(json.dumps(seen))
