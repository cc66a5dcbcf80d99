"""Reads notifications, one file each, as Python's email package and Mailman's bounce detection do. Prints JSON."""

import email
import email.policy
import json
import sys

from flufl.bounce import all_failures


def fields(part):
    return [[name, str(value)] for name, value in part.items()]


def read(path):
    with open(path, 'rb') as file:
        octets = file.read()
    message = email.message_from_bytes(octets, policy=email.policy.default)
    text, status, returned = message.get_payload()
    blocks = status.get_payload()
    temporary, permanent = all_failures(email.message_from_bytes(octets))
    return {
        'type': message.get_content_type(),
        'report': message.get_param('report-type'),
        'subject': message['subject'],
        'from': message['from'],
        'defects': [str(each) for part in message.walk() for each in part.defects],
        'text': text.get_content(),
        'status': [fields(block) for block in blocks] if isinstance(blocks, list) else None,
        'returned': returned.get_content_type(),
        'original': str(returned.get_payload()[0]['subject']) if returned.is_multipart() else None,
        'temporary': sorted(each.decode() for each in temporary),
        'permanent': sorted(each.decode() for each in permanent),
    }


print(json.dumps([read(path) for path in sys.argv[1:]]))
