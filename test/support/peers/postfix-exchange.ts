import { type ChildProcess, spawn } from 'node:child_process'
import { chmod, mkdir } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../free-port.ts'
import { ended, type ForeignMailServer, listening, type MailServerWish } from '../mail-server.ts'
import { environment } from '../run-process.ts'
import { maildirMessages } from '../stores/maildir-messages.ts'
import { startPostfix } from './postfix.ts'
import { nobody } from './unpacked-machine.ts'

const domains = ['there.example', ...['clear', 'may', 'encrypted'].map((name) => `${name}.there.example`)]
const users = ['jo', 'kim', 'grey', 'slow']

/** Starts a Postfix of the test's own in a folder, with a postgrey. Only root can run it. */
export async function startPostfixServer(folder: string, wish: MailServerWish): Promise<ForeignMailServer> {
  await using started = new AsyncDisposableStack()
  await chmod(folder, 0o711)
  const greyPort = await freePort()
  started.adopt(await startPostgrey(folder, greyPort), ended)
  await mkdir(join(folder, 'mail'))
  await chmod(join(folder, 'mail'), 0o777)
  const postfix = started.adopt(await startPostfix(folder, parts(folder, wish, greyPort)), (each) =>
    each.stop(),
  )
  const all = started.move()
  return {
    port: wish.port,
    mailbox: (user) => maildirMessages(join(folder, 'mail', user)),
    flush: () => postfix.run('postqueue', ['-f']),
    log: () => postfix.log(),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

function parts(
  folder: string,
  { port, peerPort, keys, authority }: MailServerWish,
  greyPort: number,
): Parameters<typeof startPostfix>[1] {
  const at = (name: string) => `${folder}/etc/${name}`
  const mailboxes = domains.flatMap((domain) => users.map((user) => `${user}@${domain} ${user}/\n`))
  const us = `[127.0.0.1]:${peerPort}`
  return {
    main: [
      'myhostname = mx.there.example',
      'mydestination =',
      'mynetworks = 127.0.0.0/8',
      `virtual_mailbox_domains = ${domains.join(', ')}`,
      `virtual_mailbox_maps = texthash:${at('mailboxes')}`,
      `virtual_mailbox_base = ${folder}/mail`,
      `virtual_uid_maps = static:${nobody}`,
      `virtual_gid_maps = static:${nobody}`,
      'virtual_minimum_uid = 1',
      'virtual_mailbox_limit = 0',
      'message_size_limit = 3000000',
      'smtpd_tls_security_level = may',
      `smtpd_tls_chain_files = ${at('keys.pem')}`,
      'smtpd_restriction_classes = greylisted, slow',
      `greylisted = check_policy_service inet:127.0.0.1:${greyPort}`,
      'slow = sleep 2',
      `smtpd_recipient_restrictions = check_recipient_access texthash:${at('access')}, reject_unlisted_recipient, permit_mynetworks, reject`,
      `transport_maps = texthash:${at('transport')}`,
    ],
    services: [
      `127.0.0.1:${port} inet n - n - - smtpd`,
      'showq unix n - n - - showq',
      'clear unix - - n - - smtp -o smtp_tls_security_level=none',
      'plain unix - - n - - smtp -o smtp_tls_security_level=none -o smtp_discard_ehlo_keywords=pipelining',
      `secure unix - - n - - smtp -o smtp_tls_security_level=secure -o smtp_tls_CAfile=${at('authority.pem')} -o smtp_tls_secure_cert_match=mail.here.example`,
    ],
    files: {
      'keys.pem': `${keys.key}${keys.pem}`,
      'authority.pem': authority,
      mailboxes: mailboxes.join(''),
      access:
        'banned@there.example 550 5.7.1 You are not welcome\ngrey@there.example greylisted\nslow@there.example slow\n',
      transport: `here.example secure:${us}\nclear.here.example clear:${us}\nplain.here.example plain:${us}\n`,
    },
  }
}

async function startPostgrey(folder: string, port: number): Promise<ChildProcess> {
  const base = join(folder, 'postgrey')
  await mkdir(base)
  const { username, gid } = userInfo()
  const nobodyKnown = ['--whitelist-clients=/dev/null', '--whitelist-recipients=/dev/null']
  const words = [
    `--inet=127.0.0.1:${port}`,
    `--dbdir=${base}`,
    '--delay=1',
    `--user=${username}`,
    `--group=${gid}`,
  ]
  const path = `${process.env.PATH}:/usr/sbin`
  const child = spawn('postgrey', [...words, ...nobodyKnown], {
    env: environment({ PATH: path }),
    stdio: 'ignore',
  })
  await listening(child, port, () => Promise.resolve('postgrey'))
  return child
}
