import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { temporaryProject } from '../../support/project.ts'
import { projectFolder } from '../../support/project-files.ts'
import { runProcess } from '../../support/run-process.ts'
import { type ServerProcess, startServer } from '../../support/server-process.ts'
import { accounts, otherDomain, readLetter, reportedRecipients, type Told } from './letter.ts'
import type { Finding } from './verdict.ts'

/** How a system of the matrix is put together. */
export interface SiteSettings {
  /** Of the queue that keeps what cannot be delivered at once; undefined: that one has none. */
  readonly databaseCall: string | undefined
  /** The port of the mail server that stands for all others. */
  readonly worldPort: number
}

/** A system with its files, whose server is started again and again. */
export interface Site extends AsyncDisposable {
  readonly folder: string
  readonly dataDir: string
  start(): Promise<ServerProcess>
  /** Ids of the messages that still wait for an attempt. */
  queued(): Promise<readonly string[]>
  /** Waits until none waits any more, at most so many milliseconds; answers those that do. A server has to run. */
  drained(limit: number): Promise<readonly string[]>
  /** What lies in the mailboxes: messages of the matrix, and the recipients whom bounces report. */
  mailboxes(): Promise<{ readonly findings: readonly Finding[]; readonly bounced: readonly Told[] }>
}

export async function createSite(settings: SiteSettings): Promise<Site> {
  const project = await temporaryProject({ 'mailwright.config.ts': configOf(settings) })
  const { folder } = project
  const queued = async (): Promise<readonly string[]> => {
    if (settings.databaseCall === undefined) return []
    const words = ['--conditions=mailwright-source', join(projectFolder, 'core/cli/main.ts')]
    const command = [...words, 'queue', 'list', '--json', '--limit', '1000000']
    const { code, stdout, stderr } = await runProcess(process.execPath, command, { folder })
    if (code !== 0) throw new Error(`the queue cannot be listed: ${stderr}`)
    const items = JSON.parse(stdout) as readonly { readonly id: string; readonly state: string }[]
    // Nobody here holds anything: the queue does so with a message whose content is gone.
    return items.filter(({ state }) => state !== 'held').map(({ id }) => id)
  }
  return {
    folder,
    dataDir: join(folder, 'data'),
    // Few threads: each of them gets to its n-th call.
    start: () => startMortal(folder),
    queued,
    async drained(limit) {
      const end = performance.now() + limit
      for (;;) {
        const waiting = await queued()
        if (waiting.length === 0 || performance.now() > end) return waiting
        await pause(500)
      }
    },
    mailboxes: () => readMailboxes(join(folder, 'data')),
    [Symbol.asyncDispose]: () => project[Symbol.asyncDispose](),
  }
}

/** A server that does not outlive this process. */
async function startMortal(folder: string): Promise<ServerProcess> {
  const server = await startServer(folder, [], { UV_THREADPOOL_SIZE: '4' })
  const orphan = (): void => server.signal('SIGKILL')
  process.once('exit', orphan)
  const released =
    <T>(end: () => Promise<T>) =>
    (): Promise<T> => {
      process.removeListener('exit', orphan)
      return end()
    }
  return { ...server, stop: released(server.stop), kill: released(server.kill) }
}

/** Lets a server run undisturbed until nothing waits, at most so many milliseconds; answers what does. */
export async function settle(site: Site, limit: number): Promise<readonly string[]> {
  const server = await site.start()
  const queued = await site.drained(limit)
  await server.stop()
  return queued
}

/** What lies in the mailboxes of a folder of data. */
async function readMailboxes(dataDir: string): Promise<Awaited<ReturnType<Site['mailboxes']>>> {
  const findings: Finding[] = []
  const bounced: Told[] = []
  for (const recipient of accounts) {
    const [user = '', domain = ''] = recipient.split('@')
    for (const part of ['new', 'cur']) {
      const folder = join(dataDir, 'mail', domain, user, 'Maildir', part)
      for (const name of await readdir(folder).catch(() => [])) {
        const text = await readFile(join(folder, name), 'latin1')
        const letter = readLetter(text)
        if (letter === undefined) bounced.push(...reportedRecipients(text))
        else findings.push({ ...letter, recipient, place: 'mailbox' })
      }
    }
  }
  return { findings, bounced }
}

function configOf({ databaseCall, worldPort }: SiteSettings): string {
  const here = accounts.map((address) => `{ address: '${address}' }`).join(', ')
  const keeping = databaseCall !== undefined
  const end = `port: ${worldPort}, tls: 'none'`
  // Two names of one server are two destinations.
  const relays = `[{ to: ['@${otherDomain}'], host: 'localhost', ${end} }]`
  const world = `{ relays: ${relays}, relay: { host: '127.0.0.1', ${end} } }`
  // What is tried again is tried soon, so that a round is short.
  const times = "{ firstRetry: '1s', longestRetry: '1s', longestPause: '1s', delayWarning: 0 }"
  return `
    import { defineConfig } from 'mailwright'
    import { memoryAccounts } from 'mailwright/plugins/memory'
    import localDelivery from 'mailwright/plugins/local-delivery'
    import maildir from 'mailwright/plugins/maildir'
    import queue from 'mailwright/plugins/queue'
    import smtp from 'mailwright/plugins/smtp'
    ${keeping ? "import database from 'mailwright/plugins/database'" : ''}
    ${keeping ? "import dsn from 'mailwright/plugins/dsn'" : ''}
    ${keeping ? "import relay from 'mailwright/plugins/relay'" : ''}
    ${keeping ? "import smtpOut from 'mailwright/plugins/smtp-out'" : ''}
    export default defineConfig({
      hostname: 'mx.example.test',
      dataDir: 'data',
      log: { level: 'info' },
      plugins: [
        ${keeping ? `${databaseCall}, dsn(), relay({ networks: ['127.0.0.1'] }), smtpOut(${world}),` : ''}
        memoryAccounts({ accounts: [${here}] }),
        maildir(),
        localDelivery({ postmaster: '${accounts[0]}' }),
        queue(${keeping ? times : ''}),
        smtp({ role: 'transfer', port: 0, lookupClientName: false, tls: 'none' }, { as: 'transfer' }),
      ],
    })`
}
