import { chmod, chown, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../free-port.ts'
import { runProcess } from '../run-process.ts'
import { type DovecotMail, startDovecotMail } from './dovecot-mail.ts'

/** A real Dovecot with every extension of IMAP that it has, and any number of accounts. */
export interface ImapDovecot extends AsyncDisposable {
  readonly port: number
  /** TLS from the first octet. */
  readonly tlsPort: number
  readonly pop3Port: number
  /** Of every account; a name that is not in use is a new account. */
  readonly password: string
  /** The folder of an account's Maildir. */
  maildir(user: string): string
  doveadm: DovecotMail['doveadm']
}

const nobody = 65_534

/** Starts one in a folder; it ends when it is disposed of. `settings` are further lines of its configuration. */
export async function startImapDovecot(folder: string, settings = ''): Promise<ImapDovecot> {
  const mail = join(folder, 'mail')
  await mkdir(mail, { recursive: true })
  await chmod(folder, 0o755)
  if (process.getuid?.() === 0) await chown(mail, nobody, nobody)
  const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')]
  await makeCertificate(folder, certificate, key)
  const tlsPort = await freePort()
  const dovecot = await startDovecotMail(folder, {
    settings: `ssl = yes
ssl_cert = <${certificate}
ssl_key = <${key}
service imap-login {
  inet_listener imaps {
    port = ${tlsPort}
    ssl = yes
  }
}
mail_location = maildir:${mail}/%u
mailbox_list_index = yes
mail_max_userip_connections = 0
mail_attribute_dict = file:${mail}/%u/dovecot-attributes
mail_plugins = acl quota notify
protocol imap {
  mail_plugins = acl quota notify imap_acl imap_quota imap_zlib
  imap_metadata = yes
}
plugin {
  acl = vfile
  quota = maildir:User quota
  quota_rule = *:storage=10M:messages=1000
}
${settings}`,
  })
  return {
    port: dovecot.imapPort,
    tlsPort,
    pop3Port: dovecot.pop3Port,
    password: dovecot.password,
    maildir: (user) => join(mail, user),
    doveadm: dovecot.doveadm,
    [Symbol.asyncDispose]: () => dovecot[Symbol.asyncDispose](),
  }
}

async function makeCertificate(folder: string, certificate: string, key: string): Promise<void> {
  const words = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '2',
  ]
  const files = ['-keyout', key, '-out', certificate, '-subj', '/CN=localhost']
  const { code, stderr } = await runProcess('openssl', [...words, ...files], { folder })
  if (code !== 0) throw new Error(stderr)
}
