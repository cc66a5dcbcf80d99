import { chown, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../support/free-port.ts'
import { startPostfix } from '../support/peers/postfix.ts'
import { domain, type SmtpHost, users } from './smtp-servers.ts'

const nobody = 65_534

/** A Postfix of its own, that delivers into Maildirs with its virtual(8). It has to be started by root. */
export async function postfixSmtp(folder: string): Promise<SmtpHost> {
  const home = join(folder, 'postfix')
  const mail = join(home, 'mail')
  await mkdir(mail, { recursive: true })
  await chown(mail, nobody, nobody)
  const port = await freePort()
  const postfix = await startPostfix(home, {
    main: [
      'myhostname = mail.example.org',
      'mydestination =',
      `virtual_mailbox_domains = ${domain}`,
      `virtual_mailbox_base = ${mail}`,
      `virtual_mailbox_maps = texthash:${home}/etc/mailboxes`,
      `virtual_uid_maps = static:${nobody}`,
      `virtual_gid_maps = static:${nobody}`,
      'virtual_mailbox_limit = 0',
      'message_size_limit = 104857600',
      'smtpd_client_connection_count_limit = 0',
      'smtpd_peername_lookup = no',
      'default_process_limit = 200',
    ],
    // A process for each session.
    services: [`${port} inet n - n - 1200 smtpd`],
    files: { mailboxes: users.map((user) => `${user}@${domain} ${user}/Maildir/\n`).join('') },
  })
  return {
    name: 'postfix',
    port,
    pid: postfix.pid,
    delivered: users.map((user) => join(mail, user, 'Maildir/new')),
    [Symbol.asyncDispose]: () => postfix.stop(),
  }
}
