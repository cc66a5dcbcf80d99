import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdir, readFile, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../free-port.ts'
import { LineClient } from '../line-client.ts'
import { environment, type Finished, runProcess } from '../run-process.ts'

/** A real Dovecot with one account, on 127.0.0.1. */
export interface DovecotMail extends AsyncDisposable {
  readonly imapPort: number
  readonly pop3Port: number
  readonly user: string
  readonly password: string
  /** The account's Maildir. */
  readonly maildir: string
  doveadm(...words: readonly string[]): Promise<Finished>
}

export interface DovecotMailOptions {
  /** Of the only namespace: between levels, and before each name but INBOX. */
  readonly separator?: '/' | '.'
  readonly prefix?: string
  /** Further lines of the configuration. */
  readonly settings?: string
}

const path = `${process.env.PATH}:/usr/sbin`
const [user, password] = ['ann', 'secret']
// Dovecot serves nobody's mail as root.
const nobody = 65_534
const attempts = 3

/** Starts Dovecot's own processes in a folder, as root or not; they end when it is disposed of. */
export async function startDovecotMail(
  folder: string,
  options: DovecotMailOptions = {},
): Promise<DovecotMail> {
  const home = join(folder, 'dovecot')
  const maildir = join(home, 'Maildir')
  await mkdir(maildir, { recursive: true })
  if (process.getuid?.() === 0) {
    await chmod(folder, 0o755)
    await chown(maildir, nobody, nobody)
  }
  const config = join(home, 'dovecot.conf')
  const { stdout: group } = await runProcess('id', ['-gn'], { folder: home })
  for (let attempt = 1; ; attempt++) {
    const [imapPort, pop3Port] = [await freePort(), await freePort()]
    await writeFile(config, configText({ home, maildir, imapPort, pop3Port, group: group.trim() }, options))
    const child = spawn('dovecot', ['-F', '-c', config], {
      env: environment({ PATH: path }),
      stdio: 'ignore',
    })
    if (await isListening(child, imapPort)) {
      return {
        imapPort,
        pop3Port,
        user,
        password,
        maildir,
        doveadm: (...words) =>
          runProcess('doveadm', ['-c', config, ...words], { folder: home, env: { PATH: path } }),
        async [Symbol.asyncDispose]() {
          if (child.exitCode !== null) return
          child.kill()
          await once(child, 'exit')
        },
      }
    }
    // Somebody else may have taken the port meanwhile.
    if (attempt === attempts) throw new Error(await readFile(join(home, 'log'), 'utf8'))
  }
}

/** Whether the server came up; false when it ended instead. */
async function isListening(child: ChildProcess, port: number): Promise<boolean> {
  while (child.exitCode === null) {
    try {
      const client = await LineClient.open(port)
      client.close()
      return true
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  }
  return false
}

interface Place {
  readonly home: string
  readonly maildir: string
  readonly imapPort: number
  readonly pop3Port: number
  /** The name of this user's group. */
  readonly group: string
}

function configText(
  { home, maildir, imapPort, pop3Port, group }: Place,
  { separator = '/', prefix = '', settings = '' }: DovecotMailOptions,
): string {
  const { uid, gid, username } = userInfo()
  const isRoot = uid === 0
  return `base_dir = ${home}/run
state_dir = ${home}/state
log_path = ${home}/log
protocols = imap pop3
ssl = no
disable_plaintext_auth = no
listen = 127.0.0.1
mail_location = maildir:${maildir}
first_valid_uid = 1
auth_failure_delay = 0
service imap-login {
  inet_listener imap {
    port = ${imapPort}
  }
  inet_listener imaps {
    port = 0
  }
}
service pop3-login {
  inet_listener pop3 {
    port = ${pop3Port}
  }
  inet_listener pop3s {
    port = 0
  }
}
passdb {
  driver = static
  args = password=${password}
}
userdb {
  driver = static
  args = uid=${isRoot ? nobody : uid} gid=${isRoot ? nobody : gid} home=${home}/home
}
namespace inbox {
  inbox = yes
  separator = ${separator}
  prefix = ${prefix}
}
${isRoot ? '' : withoutRoot(username, group)}${settings}
`
}

/** Nothing can be given away by who is not root: all processes run as this user, and none in a place of its own. */
function withoutRoot(username: string, group: string): string {
  const services = ['anvil', 'imap-login', 'pop3-login']
  return `default_internal_user = ${username}
default_internal_group = ${group}
default_login_user = ${username}
${services.map((service) => `service ${service} {\n  chroot =\n}\n`).join('')}`
}
