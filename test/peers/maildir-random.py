"""Another program on a Maildir, at random: maildir-random.py PATH SEED. Ends when its input does.

Moves messages from new to cur, changes flags by renaming, removes messages and drops new ones. Prints a line of JSON for
each message that it made or removed.
"""

import json
import os
import random
import re
import sys
import threading
import time

path, seed = sys.argv[1], int(sys.argv[2])
chance = random.Random(seed)
made = 0


def say(**line):
    print(json.dumps(line), flush=True)


def label_of(file):
    with open(file, "rb") as message:
        return re.match(rb"Subject: (\S+)", message.read(100)).group(1).decode()


def names(directory):
    return os.listdir(os.path.join(path, directory))


def to_cur():
    for name in names("new"):
        if chance.random() < 0.5:
            flags = chance.choice(["", "", "S"])
            os.rename(os.path.join(path, "new", name), os.path.join(path, "cur", name + ":2," + flags))


def flag():
    listed = names("cur")
    for name in chance.sample(listed, min(3, len(listed))):
        base, _, letters = name.partition(":2,")
        letter = chance.choice("DFRST")
        changed = letters.replace(letter, "") if letter in letters else "".join(sorted(set(letters + letter)))
        os.rename(os.path.join(path, "cur", name), os.path.join(path, "cur", base + ":2," + changed))


def to_new():
    listed = names("cur")
    if listed:
        name = chance.choice(listed)
        if name.endswith(":2,"):
            os.rename(os.path.join(path, "cur", name), os.path.join(path, "new", name[:-3]))


def remove():
    directory = chance.choice(["cur", "cur", "new"])
    listed = names(directory)
    if listed:
        file = os.path.join(path, directory, chance.choice(listed))
        say(gone=label_of(file))
        os.unlink(file)


def drop():
    global made
    made += 1
    label = "python-%d-%d" % (seed, made)
    name = "%d.M%dP%d_%d.python" % (time.time(), made, os.getpid(), made)
    with open(os.path.join(path, "tmp", name), "wb") as message:
        message.write(b"Subject: %s\n\n%s\nend\n" % (label.encode(), b"text " * chance.randrange(500)))
    where = chance.choice(["new", "new", "cur"])
    os.rename(os.path.join(path, "tmp", name), os.path.join(path, where, name + (":2,S" if where == "cur" else "")))
    say(made=label)


def work():
    while True:
        try:
            chance.choice([to_cur, flag, flag, flag, to_new, drop, drop, remove])()
        except FileNotFoundError:
            pass
        time.sleep(chance.random() * 0.02)


threading.Thread(target=work, daemon=True).start()
sys.stdin.read()
# Nothing is left half-way: the work is done in steps that are over before the next begins.
os._exit(0)
