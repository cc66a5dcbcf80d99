import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { startImapDovecot } from '../support/peers/imap-dovecot.ts'
import { type TemporaryProject, temporaryProject } from '../support/project.ts'
import { projectFolder } from '../support/project-files.ts'
import { type ServerProcess, startServer } from '../support/server-process.ts'
import { profiling } from './profiling.ts'

/** A server with an account whose INBOX is a copy of a Maildir, and others that have nothing yet. */
export interface BenchServer extends AsyncDisposable {
  readonly name: string
  readonly port: number
  readonly pop3Port: number
  readonly user: string
  /** Another account, which is one of {@link otherUsers}. */
  other(number: number): string
  readonly password: string
  readonly maildir: string
  /** The process whose descendants are the server. */
  readonly pid: number
}

/** Accounts beside the first. */
const otherUsers = 12_000

/** A server that can be stopped and started on the same files. */
export interface BenchHost {
  readonly name: string
  start(): Promise<BenchServer>
  /** Removes what the server keeps beside the messages, while it does not run: it has never seen the mailbox then. */
  forget(): void
}

/** Copies a Maildir for a Dovecot. */
export async function dovecotHost(folder: string, source: string): Promise<BenchHost> {
  const home = join(folder, 'dovecot-home')
  const maildir = join(home, 'mail/bench')
  await mkdir(join(home, 'mail'), { recursive: true })
  await cp(source, maildir, { recursive: true, preserveTimestamps: true })
  if (process.getuid?.() === 0) spawnSync('chown', ['-R', '65534:65534', join(home, 'mail')])
  return {
    name: 'dovecot',
    forget: () => removeFiles(maildir, /^dovecot[.-](index|list|uidlist)/),
    async start() {
      const dovecot = await startImapDovecot(home, manyConnections)
      return {
        name: 'dovecot',
        port: dovecot.port,
        pop3Port: dovecot.pop3Port,
        user: 'bench',
        other: (number) => `other${number}`,
        password: dovecot.password,
        maildir,
        pid: await masterProcess(join(home, 'dovecot/run/master.pid')),
        [Symbol.asyncDispose]: () => dovecot[Symbol.asyncDispose](),
      }
    },
  }
}

/** Dovecot writes it down at some time after it listens. */
async function masterProcess(file: string): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const text = readQuietly(file)
    if (text !== '') return Number(text)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`there is no ${file}`)
}

// Quotas, rights and notifications of other users are not measured.
const manyConnections = `protocol imap {
  mail_plugins = imap_zlib
}
protocol pop3 {
  mail_plugins =
}
default_process_limit = 12000
default_client_limit = 15000
service imap-login {
  service_count = 0
  client_limit = 12000
  process_limit = 2
}
service imap {
  process_limit = 12000
}
service pop3-login {
  service_count = 0
}
`

/** Copies a Maildir for Mailwright, which runs as a process of its own. */
export async function mailwrightHost(folder: string, source: string): Promise<BenchHost> {
  const project = await temporaryProject({ 'mailwright.config.ts': config(join(folder, 'mailwright-mail')) })
  const maildir = join(folder, 'mailwright-mail/example.org/bench/Maildir')
  await mkdir(join(maildir, '..'), { recursive: true })
  await cp(source, maildir, { recursive: true, preserveTimestamps: true })
  return {
    name: 'mailwright',
    forget: () => removeFiles(maildir, /^mailwright-(summaries|signatures|index)/),
    async start() {
      return await mailwright(project, maildir)
    },
  }
}

async function mailwright(project: TemporaryProject, maildir: string): Promise<BenchServer> {
  // As `npm start` does it: what is installed needs not be translated at each start either.
  const env = {
    NODE_COMPILE_CACHE: join(projectFolder, 'node_modules/.cache/mailwright'),
    NODE_OPTIONS: profiling().join(' '),
  }
  const server: ServerProcess = await startServer(project.folder, [], env)
  return {
    name: 'mailwright',
    port: server.port('imap'),
    pop3Port: server.port('pop3'),
    user: 'bench@example.org',
    other: (number) => `other${number}@example.org`,
    password: 'secret',
    maildir,
    pid: server.pid,
    async [Symbol.asyncDispose]() {
      await server.stop()
    },
  }
}

function config(root: string): string {
  return `import { defineConfig } from 'mailwright'
import certificates from 'mailwright/plugins/certificates'
import imap from 'mailwright/plugins/imap'
import maildir from 'mailwright/plugins/maildir'
import { memoryAccounts } from 'mailwright/plugins/memory'
import pop3 from 'mailwright/plugins/pop3'

export default defineConfig({
  hostname: 'mail.example.org',
  plugins: [
    memoryAccounts({ accounts: ['bench', ...Array.from({ length: ${otherUsers} }, (_, number) => 'other' + number)].map(
      (name) => ({ address: name + '@example.org', password: 'secret' })) }),
    maildir({ root: ${JSON.stringify(root)}, lineEnds: 'lf' }),
    certificates(),
    imap({ port: 0, allowPlaintextLogin: true, maxConnections: 20000, maxConnectionsPerUser: 20000, maxConnectionsPerAddress: 20000 }),
    pop3({ port: 0, allowPlaintextLogin: true }),
  ],
})
`
}

function removeFiles(folder: string, pattern: RegExp): void {
  for (const name of readdirSync(folder))
    if (pattern.test(name)) rmSync(join(folder, name), { recursive: true })
}

/** The file's text; nothing where its process has ended. */
function readQuietly(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
