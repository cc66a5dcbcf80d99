import { chmod } from 'node:fs/promises'
import { ended, type ForeignMailServer, listening, type MailServerWish, writtenBy } from '../mail-server.ts'
import { maildirMessages } from '../stores/maildir-messages.ts'
import type { UnpackedPeer } from './peers.ts'
import { nobody, unpackedMachine } from './unpacked-machine.ts'

/** Starts an OpenSMTPD of the test's own in a folder. */
export async function startOpenSmtpd(
  peer: UnpackedPeer,
  folder: string,
  wish: MailServerWish,
): Promise<ForeignMailServer> {
  const machine = await unpackedMachine(peer, folder, {
    users: ['opensmtpd', 'opensmtpq'],
    hosts: ['mx.there.example', 'mail.here.example'],
    files: {
      '/etc/smtpd.conf': configText(wish),
      '/etc/mail/grey': greyFilter,
      '/etc/mail/cert.pem': wish.keys.pem,
      '/etc/mail/key.pem': wish.keys.key,
      '/etc/ssl/certs/ca-certificates.crt': wish.authority,
    },
    folders: { '/var/spool/smtpd': '', '/var/lib/opensmtpd/empty': '', '/var/mail': 'nobody' },
  })
  await chmod(machine.place('/var/spool/smtpd'), 0o711)
  await chmod(machine.place('/etc/mail/key.pem'), 0o600)
  const child = machine.start('/usr/sbin/smtpd', ['-d'])
  const written = writtenBy(child)
  const log = () => Promise.resolve(written())
  await listening(child, wish.port, log)
  return {
    port: wish.port,
    mailbox: (user) => maildirMessages(machine.place(`/var/mail/${user}`)),
    async flush() {
      // It wants to be set-group-id, which what was unpacked is not.
      const words = ['--regid', 'opensmtpq', '--clear-groups', '/usr/sbin/smtpctl', 'schedule', 'all']
      await machine.run('/usr/bin/setpriv', words)
    },
    log,
    [Symbol.asyncDispose]: () => ended(child),
  }
}

function configText({ port, peerPort }: MailServerWish): string {
  const users = ['jo', 'kim', 'grey', 'slow']
  const entries = (value: (user: string) => string) =>
    users.map((user) => `${user} = ${value(user)}`).join(', ')
  return `smtp max-message-size 3M
pki there cert "/etc/mail/cert.pem"
pki there key "/etc/mail/key.pem"
table users { ${entries((user) => `"${nobody}:${nobody}:/var/mail/${user}"`)} }
table boxes { ${entries((user) => user)} }
filter grey proc-exec "/bin/sh /etc/mail/grey"
listen on 127.0.0.1 port ${port} tls pki there hostname mx.there.example filter grey
action mailbox maildir "/var/mail/%{user.username}" virtual <boxes> userbase <users>
action secure relay host "smtp+tls://mail.here.example:${peerPort}" helo mx.there.example
action clear relay host "smtp+notls://mail.here.example:${peerPort}" helo mx.there.example
match from any for domain { "there.example", "*.there.example" } action mailbox
match from any for domain "here.example" action secure
match from any for domain "*.here.example" action clear
`
}

/** Puts off what is for grey@ once, has slow@ wait, and refuses banned@: see smtpd-filters(7). */
const greyFilter = `known=
while IFS='|' read -r kind version time subsystem phase session token address; do
  case $kind in
  config)
    if [ "$version" = ready ]; then
      echo 'register|filter|smtp-in|rcpt-to'
      echo 'register|ready'
    fi ;;
  filter)
    answer=proceed
    case $address in
    grey@there.example)
      [ -n "$known" ] || answer='reject|451 4.7.1 Greylisted, come back later'
      known=yes ;;
    banned@there.example) answer='reject|550 5.7.1 You are not welcome' ;;
    slow@there.example) sleep 2 ;;
    esac
    echo "filter-result|$session|$token|$answer" ;;
  esac
done
`
