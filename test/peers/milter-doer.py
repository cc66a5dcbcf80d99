"""A milter on libmilter that does to a message what its field X-Do says, one word after the other."""

import sys

import Milter


@Milter.header_leading_space
@Milter.rejected_recipients
class Doer(Milter.Base):
    def __init__(self):
        self.seen = []

    @Milter.noreply
    def connect(self, name, family, address):
        self.seen.append("connect %s" % (address[0] if isinstance(address, tuple) else address))
        return Milter.CONTINUE

    def hello(self, name):
        self.seen.append("hello %s" % name)
        return Milter.REJECT if name == "refuse.example" else Milter.CONTINUE

    def unknown(self, line):
        self.seen.append("unknown %s" % line)
        if line == "XREFUSED":
            self.setreply("550", "5.7.1", "Not that")
            return Milter.REJECT
        return Milter.CONTINUE

    def envfrom(self, path, *words):
        self.words = []
        self.body_octets = 0
        self.seen.append(" ".join(("mail", path) + words))
        return Milter.TEMPFAIL if path == "<later@example.org>" else Milter.CONTINUE

    def envrcpt(self, path, *words):
        mailer = self.getsymval("{rcpt_mailer}")
        self.seen.append(" ".join((mailer == "error" and "refused" or "rcpt", path) + words))
        if path == "<refused@example.org>" and mailer != "error":
            self.setreply("550", "5.1.1", "Not here, 100%% sure", "Second line")
            return Milter.REJECT
        return Milter.CONTINUE

    def header(self, name, value):
        if name.lower() == "x-do":
            self.words = value.split()
        return Milter.REJECT if "reject-header" in self.words else Milter.CONTINUE

    def eoh(self):
        return Milter.DISCARD if "discard" in self.words else Milter.CONTINUE

    def body(self, chunk):
        self.body_octets += len(chunk)
        return Milter.SKIP if "skip" in self.words else Milter.CONTINUE

    def eom(self):
        for word in self.words:
            self.do(word)
        if "verdict-reject" in self.words:
            self.setreply("554", "5.7.1", "Refused at the end")
            return Milter.REJECT
        if "verdict-accept" in self.words:
            return Milter.ACCEPT
        return Milter.CONTINUE

    def do(self, word):
        if word == "add":
            self.addheader("X-Added", " below")
            self.addheader("X-Folded", " one\n\ttwo")
        elif word == "insert":
            self.addheader("X-Inserted", " on top", 0)
            self.addheader("X-Second", " below the first", 1)
        elif word == "change":
            self.chgheader("Subject", 1, " changed")
            self.chgheader("X-None", 1, " was not there")
        elif word == "delete":
            self.chgheader("X-Secret", 2, "")
        elif word == "recipients":
            self.addrcpt("<added@example.org>")
            self.addrcpt("<with@example.org>", "NOTIFY=NEVER")
            self.delrcpt("<b@example.org>")
        elif word == "sender":
            self.chgfrom("<bounces@example.org>")
        elif word == "body":
            self.replacebody("new body\n")
            self.replacebody("x" * 70000 + "\r\n")
        elif word == "quarantine":
            self.quarantine("looks odd")
        elif word == "progress":
            for _ in range(3):
                self.progress()
        elif word == "report":
            self.addheader("X-Seen", " %s; octets %d" % ("; ".join(self.seen), self.body_octets))


Milter.factory = Doer
Milter.set_flags(
    Milter.CHGBODY
    | Milter.CHGHDRS
    | Milter.ADDHDRS
    | Milter.ADDRCPT
    | Milter.DELRCPT
    | Milter.CHGFROM
    | Milter.QUARANTINE
    | Milter.ADDRCPT_PAR
)
Milter.runmilter("doer", sys.argv[1], timeout=60)
