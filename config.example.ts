// A complete mail system. Copy this file to mailwright.config.ts and change it; `mailwright check` tells what is wrong.
// In a clone of the project `npm start` runs it as it is: everything listens on this machine only.
import { defineConfig } from 'mailwright'
import accountsSql from 'mailwright/plugins/accounts-sql'
import certificates from 'mailwright/plugins/certificates'
import database from 'mailwright/plugins/database'
import dsn from 'mailwright/plugins/dsn'
import imap from 'mailwright/plugins/imap'
import localDelivery from 'mailwright/plugins/local-delivery'
import localNotifier from 'mailwright/plugins/local-notifier'
import maildir from 'mailwright/plugins/maildir'
import migration from 'mailwright/plugins/migration'
import pop3 from 'mailwright/plugins/pop3'
import queue from 'mailwright/plugins/queue'
import relay from 'mailwright/plugins/relay'
import smtp from 'mailwright/plugins/smtp'
import smtpOut from 'mailwright/plugins/smtp-out'

export default defineConfig({
  // This server's name: the one in its MX record, its PTR record and its certificate. The machine's own where left out.
  // hostname: 'mail.example.org',

  // Where plugins keep what is theirs: the database, the mail, keys, the history. Relative to this file.
  dataDir: 'data',

  plugins: [
    // What one process changes (a delivery agent, a command, a second server) is known in all others at once.
    localNotifier(),

    // Tables of all plugins. SQLite in a file unless you say otherwise:
    // database({
    //   client: 'mysql',
    //   hosts: [{ socketPath: '/run/mysqld/mysqld.sock' }],
    //   user: 'mailwright',
    //   passwordFile: '/etc/mailwright/database-password',
    //   database: 'mailwright',
    // }),
    database(),

    // Domains, accounts and aliases in these tables: `mailwright domain`, `mailwright user`, `mailwright alias`.
    // Where there is no account at all, this one is made, with a password that the first start prints.
    accountsSql({ firstAccount: { address: 'me@example.test' } }),

    // Keys for TLS. Without files a self-signed certificate is made, which is good enough to try things:
    // certificates({ files: [{ key: '/etc/ssl/mail.key', chain: '/etc/ssl/mail.pem' }] }),
    certificates(),

    // Mail lies in Maildirs: data/mail/<domain>/<user>/Maildir. Point it at those of a Courier or a Dovecot that no longer
    // runs, and clients go on with the UIDs they know: maildir({ root: '/home', path: '{user}/Maildir' })
    maildir(),

    // Mail for the accounts above goes into their INBOX. Somebody has to read mail for the postmaster.
    localDelivery({ postmaster: 'me@example.test' }),

    // The commands `mailwright import` and `mailwright export`.
    migration(),

    // Users who log in may send to others, under their own addresses.
    relay(),

    // Carries their mail to other hosts: to the MX of each domain, with TLS where it can be had. Through a provider instead:
    // smtpOut({ relay: { host: 'smtp.provider.example', port: 587, user: 'me', passwordFile: '/etc/mailwright/relay-password' } }),
    smtpOut(),

    // Tells senders what could not be delivered, or takes long.
    dsn(),

    // Takes responsibility for a message: nothing is answered with 250 before it is safe on the disk. What cannot be delivered at
    // once waits in the tables and is tried again: `mailwright queue list`.
    queue(),

    // Port 25 in real life: other servers bring mail for our domains.
    smtp({ role: 'transfer', host: '127.0.0.1', port: 2525 }, { as: 'transfer' }),

    // Port 587 in real life: our users send, after STARTTLS and a login.
    smtp({ role: 'submission', host: '127.0.0.1', port: 2587 }, { as: 'submission' }),

    // Port 143 in real life: our users read, after STARTTLS and a login. Mail programs on phones like port 993 better:
    // imap({ host: '0.0.0.0', port: 993, implicitTls: true }, { as: 'imaps' }),
    imap({ host: '127.0.0.1', port: 2143 }),

    // Port 110 in real life: programs that fetch mail, after STLS.
    pop3({ host: '127.0.0.1', port: 2110 }),
  ],

  // Every event of this level and above is a line of JSON on standard error: debug, info, warn, error, silent.
  log: { level: 'info' },

  // `mailwright trace` can tell for so long where a message went, and why.
  history: { retentionDays: 30 },
})
