"""Drives a POP3 server with Python's poplib and prints what it saw as JSON: PORT TLSPORT USER PASSWORD."""
import json
import poplib
import ssl
import sys

port, tls_port, user, password = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE


def text(lines):
    return [line.decode('latin1') for line in lines]


def attempt(call, *arguments):
    try:
        return call(*arguments).decode('latin1')
    except poplib.error_proto as error:
        return error.args[0].decode('latin1')


seen = {}
client = poplib.POP3('127.0.0.1', port, timeout=30)
seen['clear_capa'] = sorted(client.capa())
seen['clear_user'] = attempt(client.user, user)
seen['stls'] = client.stls(context).decode('latin1')
seen['tls_capa'] = sorted(client.capa())
client.user(user)
client.pass_(password)
seen['stat'] = client.stat()
seen['list'] = text(client.list()[1])
seen['uidl'] = text(client.uidl()[1])
seen['uidl_2'] = client.uidl(2).decode('latin1')
seen['retr'] = [text(client.retr(number)[1]) for number in (1, 2)]
seen['top'] = text(client.top(2, 1)[1])
seen['dele'] = client.dele(1).decode('latin1')
client.rset()
client.dele(2)
seen['quit'] = client.quit().decode('latin1')

client = poplib.POP3_SSL('127.0.0.1', tls_port, timeout=30, context=context)
client.user(user)
client.pass_(password)
seen['after'] = text(client.uidl()[1])
client.dele(1)
client.close()

client = poplib.POP3_SSL('127.0.0.1', tls_port, timeout=30, context=context)
client.user(user)
client.pass_(password)
seen['after_close'] = text(client.uidl()[1])
client.quit()
print(json.dumps(seen))
