import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, openSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { temporaryProject } from '../support/project.ts'
import { projectFolder } from '../support/project-files.ts'
import { environment } from '../support/run-process.ts'
import { memory } from '../support/server-process.ts'
import { profiling } from './profiling.ts'

/** smtp-source's names for fifty recipients of one message, and the one for a single one. */
export const users: readonly string[] = ['u', ...Array.from({ length: 50 }, (_, index) => `${index + 1}u`)]
export const domain = 'example.org'

/** A server that takes mail for the users and puts it into Maildirs, each file durable before or after its 250. */
export interface SmtpHost extends AsyncDisposable {
  readonly name: string
  readonly port: number
  /** The process whose descendants are the server. */
  readonly pid: number
  /** The folders in which delivered messages lie. */
  readonly delivered: readonly string[]
}

/** How many messages have been delivered. */
export function deliveredTo({ delivered }: SmtpHost): number {
  return delivered.reduce((sum, folder) => sum + filesIn(folder).length, 0)
}

/**
 * Moves what was delivered into another folder of the same file system. It is not removed: for minutes ext4 passes over inodes
 * that were just freed, one by one, so that a new file took whoever came next ten times as long.
 */
export function takeAway({ delivered }: SmtpHost, folder: string): void {
  mkdirSync(folder, { recursive: true })
  let count = readdirSync(folder).length
  for (const from of delivered)
    for (const name of filesIn(from)) renameSync(join(from, name), join(folder, `${count++}`))
}

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** Mailwright in so many processes of its own, with the plugins of a mail server and no other. */
export async function mailwrightSmtp(folder: string, workers = 1): Promise<SmtpHost> {
  const name = workers === 1 ? 'mailwright' : `mailwright, ${workers} workers`
  const root = join(folder, name)
  return {
    ...(await mailwrightServer(root, config(root, workers))),
    name,
    // What is delivered is looked at soon after, and goes from one into the other.
    delivered: users.flatMap((user) =>
      ['new', 'cur'].map((part) => join(root, domain, user, 'Maildir', part)),
    ),
  }
}

/** A server with a config of its own, as `mailwright start` runs it. Its log is beside its folder. */
export async function mailwrightServer(home: string, config: string): Promise<Omit<SmtpHost, 'delivered'>> {
  const project = await temporaryProject({ 'mailwright.config.ts': config })
  const log = `${home}.log`
  writeFileSync(log, '')
  const words = [...memory, '--conditions=mailwright-source', ...profiling(), command, 'start']
  const child = spawn(process.execPath, words, {
    cwd: project.folder,
    // As `mailwright start` sets them.
    env: environment({
      NODE_COMPILE_CACHE: join(projectFolder, 'node_modules/.cache/mailwright'),
      UV_THREADPOOL_SIZE: '20',
    }),
    stdio: ['ignore', 'ignore', openSync(log, 'a')],
  })
  return {
    name: 'mailwright',
    port: await readyPort(log),
    pid: child.pid ?? 0,
    async [Symbol.asyncDispose]() {
      await ended(child)
      await project[Symbol.asyncDispose]()
    },
  }
}

const command = join(projectFolder, 'core/cli/main.ts')

/** The log goes to a file, as that of a server does; nobody reads it but for the line with the port. */
async function readyPort(log: string): Promise<number> {
  for (let attempt = 0; attempt < 400; attempt++) {
    const line = readFileSync(log, 'utf8')
      .split('\n')
      .find((text) => text.includes('"ready"'))
    if (line !== undefined) return JSON.parse(line).listeners[0].port
    await pause(50)
  }
  throw new Error(`the server is not ready: ${readFileSync(log, 'utf8')}`)
}

function config(root: string, workers: number): string {
  return `import { defineConfig } from 'mailwright'
import localDelivery from 'mailwright/plugins/local-delivery'
import maildir from 'mailwright/plugins/maildir'
import { memoryAccounts } from 'mailwright/plugins/memory'
import queue from 'mailwright/plugins/queue'
import smtp from 'mailwright/plugins/smtp'

export default defineConfig({
  hostname: 'mail.example.org',
  workers: ${workers},
  plugins: [
    memoryAccounts({ accounts: ${JSON.stringify(users)}.map((name) => ({ address: name + '@${domain}', password: 'secret' })) }),
    maildir({ root: ${JSON.stringify(root)} }),
    localDelivery(),
    queue(),
    smtp({ port: 0, maxConnections: 20000 }),
  ],
  log: { level: 'info' },
})
`
}

/** The package smtp-server alone, with the shortest program that keeps the promise of its 250. */
export async function bareSmtp(folder: string): Promise<SmtpHost> {
  const root = join(folder, 'bare')
  const child = spawn(process.execPath, [join(import.meta.dirname, 'smtp-bare.ts'), root, ...users], {
    env: environment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [port] = (await once(child.stdout, 'data')) as [Buffer]
  return {
    name: 'smtp-server',
    port: Number(port.toString()),
    pid: child.pid ?? 0,
    delivered: users.map((user) => join(root, user, 'new')),
    [Symbol.asyncDispose]: () => ended(child),
  }
}

/** Ends a process that this one has started. */
export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  child.kill('SIGTERM')
  await once(child, 'exit')
}
