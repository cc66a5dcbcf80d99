import { spawn } from 'node:child_process'
import { chmod, chown, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { MadeCertificate } from '../acme/openssl-certificates.ts'
import { ended, listening } from '../mail-server.ts'
import { environment } from '../run-process.ts'
import { maildirMessages } from '../stores/maildir-messages.ts'
import { nobody } from './unpacked-machine.ts'

/** A real Dovecot that takes mail by LMTP, for users of any domain. Only root can run one. */
export interface DovecotLmtp extends AsyncDisposable {
  /** Of its Unix socket. */
  readonly socket: string
  /** The messages of a user: one character an octet. */
  mailbox(user: string): Promise<readonly string[]>
}

export interface DovecotLmtpOptions {
  /** The port of 127.0.0.1 that it listens on as well. */
  readonly port: number
  /** Users, and what their mailboxes may hold, such as `20K`. */
  readonly users: Readonly<Record<string, string>>
  /** Whether a full mailbox is 4yz, and not 5yz. */
  readonly fullIsForNow?: boolean
  /** With STARTTLS, and in no other way. */
  readonly certificate?: MadeCertificate
}

/** Starts one in a folder, in which it may have been before. */
export async function startDovecotLmtp(folder: string, options: DovecotLmtpOptions): Promise<DovecotLmtp> {
  const mail = join(folder, 'mail')
  await mkdir(mail, { recursive: true })
  await chmod(folder, 0o755)
  await chown(mail, nobody, nobody)
  await writeDovecotUsers(folder, options.users)
  const config = join(folder, 'dovecot.conf')
  await writeFile(config, configText(folder, options))
  const path = `${process.env.PATH}:/usr/sbin`
  const child = spawn('dovecot', ['-F', '-c', config], {
    env: environment({ PATH: path }),
    stdio: 'ignore',
  })
  await listening(child, options.port, () => readFile(join(folder, 'log'), 'utf8').catch(() => ''))
  return {
    socket: socketOf(folder),
    mailbox: (user) => maildirMessages(join(mail, user, 'Maildir')),
    [Symbol.asyncDispose]: () => ended(child),
  }
}

/** Changes its users while it runs. */
export async function writeDovecotUsers(folder: string, users: DovecotLmtpOptions['users']): Promise<void> {
  const line = ([user, room]: readonly [string, string]) =>
    `${user}::${nobody}:${nobody}::${folder}/mail/${user}::userdb_quota_rule=*:storage=${room}\n`
  await writeFile(join(folder, 'users'), Object.entries(users).map(line).join(''))
}

function socketOf(folder: string): string {
  return join(folder, 'lmtp.sock')
}

function configText(folder: string, { port, fullIsForNow = false, certificate }: DovecotLmtpOptions): string {
  const ssl =
    certificate === undefined
      ? 'ssl = no'
      : `ssl = required\nssl_cert = <${certificate.file}\nssl_key = <${certificate.keyFile}`
  return `base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = ${folder}/log
protocols = lmtp
${ssl}
hostname = store.there.example
postmaster_address = postmaster@there.example
mail_location = maildir:~/Maildir
first_valid_uid = 1
auth_username_format = %n
recipient_delimiter = +
mail_plugins = quota
quota_full_tempfail = ${fullIsForNow ? 'yes' : 'no'}
plugin {
  quota = maildir:User quota
  quota_grace = 0
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = ${port}
  }
  unix_listener ${socketOf(folder)} {
    mode = 0666
  }
}
passdb {
  driver = passwd-file
  args = ${folder}/users
}
userdb {
  driver = passwd-file
  args = ${folder}/users
}
`
}
