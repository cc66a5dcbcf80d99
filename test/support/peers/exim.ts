import { readFile } from 'node:fs/promises'
import { ended, type ForeignMailServer, listening, type MailServerWish, writtenBy } from '../mail-server.ts'
import { maildirMessages } from '../stores/maildir-messages.ts'
import type { UnpackedPeer } from './peers.ts'
import { nobody, unpackedMachine } from './unpacked-machine.ts'

/** Starts an Exim of the test's own in a folder. */
export async function startExim(
  peer: UnpackedPeer,
  folder: string,
  wish: MailServerWish,
): Promise<ForeignMailServer> {
  const exim = '/usr/sbin/exim4'
  const machine = await unpackedMachine(peer, folder, {
    users: ['Debian-exim'],
    hosts: ['mx.there.example', 'mail.here.example'],
    files: {
      '/etc/exim4/exim4.conf': configText(wish),
      '/etc/exim4/keys.pem': `${wish.keys.key}${wish.keys.pem}`,
      '/etc/exim4/authority.pem': wish.authority,
    },
    folders: {
      '/var/spool/exim4': 'Debian-exim',
      '/var/log/exim4': 'Debian-exim',
      '/var/mail': 'nobody',
    },
  })
  const child = machine.start(exim, ['-bdf', '-oX', `${wish.port}`])
  const written = writtenBy(child)
  const log = async () =>
    written() + (await readFile(machine.place('/var/log/exim4/mainlog'), 'utf8').catch(() => ''))
  await listening(child, wish.port, log)
  return {
    port: wish.port,
    mailbox: (user) => maildirMessages(machine.place(`/var/mail/${user}`)),
    async flush() {
      await machine.run(exim, ['-qff'])
    },
    log,
    [Symbol.asyncDispose]: () => ended(child),
  }
}

const mainSettings = `primary_hostname = mx.there.example
local_interfaces = 127.0.0.1
keep_environment =
timezone = UTC
spool_directory = /var/spool/exim4
log_file_path = /var/log/exim4/%slog
log_selector = +pipelining +8bitmime +received_recipients +tls_certificate_verified
message_size_limit = 3M
dsn_advertise_hosts = *
tls_certificate = /etc/exim4/keys.pem
tls_privatekey = /etc/exim4/keys.pem
acl_smtp_rcpt = recipient
acl_smtp_data = message
local_from_check = false`

/** Who may send to whom. */
const rules = `begin acl
recipient:
  accept domains = here.example : *.here.example
         hosts = 127.0.0.1
  deny   !domains = there.example : *.there.example
         message = relay not permitted
  deny   local_parts = banned
         message = 5.7.1 You are not welcome
  require verify = recipient
  deny   local_parts = careful
         !verify = sender/callout=10s
  warn   local_parts = slow
         delay = 2s
  defer  local_parts = grey
         !seen = -1s
         message = Greylisted, come back later
  accept
message:
  deny   condition = \${if match{$h_subject:}{unwanted}}
         message = This is not wanted here
  accept`

const routers = `begin routers
clear:
  driver = manualroute
  domains = clear.here.example
  route_list = * mail.here.example byname
  self = send
  transport = clear
plain:
  driver = manualroute
  domains = plain.here.example
  route_list = * mail.here.example byname
  self = send
  transport = plain
secure:
  driver = manualroute
  domains = here.example
  route_list = * mail.here.example byname
  self = send
  transport = secure
mailbox:
  driver = accept
  domains = there.example : *.there.example
  local_parts = jo : kim : grey : slow : careful : j\u00f6
  transport = mailbox`

function transports(peerPort: number): string {
  return `begin transports
clear:
  driver = smtp
  port = ${peerPort}
  hosts_avoid_tls = *
plain:
  driver = smtp
  port = ${peerPort}
  hosts_avoid_tls = *
  hosts_try_chunking =
  hosts_avoid_pipelining = *
secure:
  driver = smtp
  port = ${peerPort}
  hosts_require_tls = *
  tls_verify_certificates = /etc/exim4/authority.pem
  tls_verify_hosts = *
mailbox:
  driver = appendfile
  directory = /var/mail/$local_part_data
  maildir_format
  user = ${nobody}
  group = ${nobody}`
}

const retries = `begin retry
* * F,1h,15m`

function configText({ peerPort }: MailServerWish): string {
  return `${[mainSettings, rules, routers, transports(peerPort), retries].join('\n\n')}\n`
}
