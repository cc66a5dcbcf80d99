// Ten clients of one or two servers, and another program, on one Maildir, at random. MAILWRIGHT_RANDOM_SECONDS makes it
// longer, MAILWRIGHT_RANDOM_SEED another one.
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { maildirFlags, parseMaildirFileName } from 'mailwright/formats'
import { afterEach, describe, expect, it } from 'vitest'
import { Random } from '../generator/random.ts'
import { flagText, ModelFault } from '../support/imap/imap-model.ts'
import { type ClientKind, ModelClient } from '../support/imap/imap-model-client.ts'
import { labelOf, MaildirMeddler } from '../support/imap/imap-model-files.ts'
import { randomStep } from '../support/imap/imap-model-steps.ts'
import { MailWorld } from '../support/imap/imap-model-world.ts'
import { type TemporaryProject, temporaryProject } from '../support/project.ts'
import { type ServerProcess, startServer } from '../support/server-process.ts'

const seconds = Number(process.env.MAILWRIGHT_RANDOM_SECONDS ?? 20)
const seed = Number(process.env.MAILWRIGHT_RANDOM_SEED ?? 1)
const login = { user: 'ann@example.org', password: 'secret' }
const names = ['INBOX', 'Archive'] as const

const kinds: readonly ClientKind[] = [
  { name: 'plain', enables: [] },
  { name: 'other', enables: [] },
  { name: 'rev2', enables: ['IMAP4rev2'] },
  { name: 'condstore', enables: ['CONDSTORE'] },
  { name: 'qresync', enables: ['QRESYNC'] },
  { name: 'resync', enables: ['QRESYNC'] },
  { name: 'rev2-qresync', enables: ['IMAP4rev2', 'QRESYNC'] },
  { name: 'uidonly', enables: ['UIDONLY'] },
  { name: 'uidonly-qresync', enables: ['QRESYNC', 'UIDONLY'] },
  { name: 'compressed', enables: ['IMAP4rev2', 'CONDSTORE'], compresses: true },
]

const config = (root: string): string => `import { defineConfig } from 'mailwright'
import imap from 'mailwright/plugins/imap'
import maildir from 'mailwright/plugins/maildir'
import { memoryAccounts } from 'mailwright/plugins/memory'

export default defineConfig({
  hostname: 'mail.example.org',
  plugins: [
    memoryAccounts({ accounts: [{ address: '${login.user}', password: '${login.password}' }] }),
    maildir({ root: ${JSON.stringify(root)}, path: '{user}', lineEnds: 'lf' }),
    imap({ port: 0, allowPlaintextLogin: true }),
  ],
})
`

const projects: TemporaryProject[] = []
const servers: ServerProcess[] = []

afterEach(async () => {
  for (const server of servers.splice(0)) await server.kill()
  for (const project of projects.splice(0)) await rm(project.folder, { recursive: true, force: true })
})

/** Starts servers on one Maildir; answers where it is. */
async function start(count: number): Promise<string> {
  let root = ''
  for (let at = 0; at < count; at += 1) {
    const project = await temporaryProject()
    projects.push(project)
    if (at === 0) root = join(project.folder, 'mail')
    await project.write('mailwright.config.ts', config(root))
    if (at === 0)
      for (const folder of ['ann', 'ann/.Archive'])
        for (const part of ['cur', 'new', 'tmp']) await mkdir(join(root, folder, part), { recursive: true })
    servers.push(await startServer(project.folder))
  }
  return root
}

/** The messages of a mailbox as the files have them: label and system flags. */
async function onDisk(root: string, mailbox: string): Promise<readonly string[]> {
  const path = join(root, 'ann', mailbox === 'INBOX' ? '' : `.${mailbox}`)
  const found: string[] = []
  for (const part of ['new', 'cur'])
    for (const name of await readdir(join(path, part))) {
      const letters = parseMaildirFileName(name)?.letters ?? ''
      const label = labelOf(await readFile(join(path, part, name), 'latin1'))
      found.push(`${label} ${flagText(maildirFlags(letters))}`)
    }
  return found.toSorted()
}

const systemOnly = (flags: string): string =>
  flagText(flags.split(' ').filter((flag) => flag.startsWith('\\')))

/** Until when all work. */
interface Span {
  readonly end: number
  /** Something has gone wrong: the others stop too. */
  failed: boolean
}

const isOver = ({ end, failed }: Span): boolean => failed || Date.now() >= end

/** Works until the time is over; what fails is told with what was said before. */
async function work(client: ModelClient, span: Span): Promise<number> {
  let steps = 0
  try {
    for (; !isOver(span); steps += 1) {
      await randomStep(client)
      if (client.random.chance(0.2)) await pause(client.random.below(20))
    }
  } catch (error) {
    span.failed = true
    const said = error instanceof ModelFault ? client.transcript.slice(-50) : []
    const lines = said.map((line) => line.slice(0, 300)).join('\n')
    throw new Error(`seed ${seed}, ${client.name}: ${error}\n${lines}`)
  }
  return steps
}

/** What a client knows of a mailbox when all is over: flags and labels by UID. */
async function lastView(client: ModelClient, mailbox: string): Promise<ReadonlyMap<number, string>> {
  if (client.mailbox !== mailbox) await client.select(mailbox)
  await client.look()
  const flags = await client.fetchAll('UID FLAGS ENVELOPE')
  return new Map([...flags].map(([uid, text]) => [uid, `${client.world.labelOf(mailbox, uid)} ${text}`]))
}

describe.each([1, 2])('ten clients, servers: %i', (count) => {
  it('agree at the end, and were told nothing wrong before', {
    timeout: (seconds + 100) * 1000,
  }, async () => {
    const root = await start(count)
    const world = new MailWorld()
    const random = new Random(seed)
    const clients: ModelClient[] = []
    for (const [at, kind] of kinds.entries()) {
      const port = servers[at % count]?.port('imap') ?? 0
      clients.push(
        await ModelClient.open(port, login, kind.name, kind, world, new Random(random.below(2 ** 32))),
      )
    }
    const meddlers = ['ann', 'ann/.Archive'].map(
      (path) => new MaildirMeddler(join(root, path), new Random(random.below(2 ** 32)), world),
    )
    const span: Span = { end: Date.now() + seconds * 1000, failed: false }
    const meddling = meddlers.map((meddler) => meddler.run(() => isOver(span)))
    const worked = await Promise.allSettled(clients.map((client) => work(client, span)))
    await Promise.all(meddling)
    // What has failed says more than that the others stopped early.
    for (const result of worked) if (result.status === 'rejected') throw result.reason
    for (const result of worked) expect(result.status === 'fulfilled' && result.value).toBeGreaterThan(0)
    // Somebody else's change at the very moment of ours is noticed a second later.
    await pause(1500)
    for (const mailbox of names) {
      const views = []
      for (const client of clients) views.push(await lastView(client, mailbox))
      const [first = new Map<number, string>()] = views
      for (const view of views) expect([...view], mailbox).toEqual([...first])
      const shown = [...first.values()].map((text) => {
        const [label = '', ...flags] = text.split(' ')
        return `${label} ${systemOnly(flags.join(' '))}`
      })
      expect(shown.toSorted(), mailbox).toEqual(await onDisk(root, mailbox))
      expect(
        world.lost(mailbox, (uid) => first.has(uid)),
        mailbox,
      ).toEqual([])
    }
    for (const client of clients) await client.close()
    for (const server of servers) expect(await server.stop()).toBe(0)
  })
})
