// A process of the random test: two sessions that do at random what clients do, until it is told to stop. It says in lines
// of JSON what it made and what it may have removed, and at the end what it sees.
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { type AccountStore, bufferContent, errorCode, type FlagChange, systemClock } from 'mailwright'
import { nodeFileSystem } from '../../plugins/maildir/files/file-system.ts'
import { openMaildir } from '../crash/maildir-tasks.ts'
import { Random } from '../generator/random.ts'
import { unsyncedFiles } from '../support/faults/failing-files.ts'
import { Client, demand } from './maildir-random-client.ts'

const [root = '', name = '', seed = '1'] = process.argv.slice(2)
const names = ['INBOX', 'Archive'] as const
const wandering = ['Side', 'Edge'] as const
const flags = ['\\Seen', '\\Flagged', '\\Answered', '\\Deleted', 'Junk', '$Forwarded', 'Work/Later'] as const
// So many messages are left in a mailbox, about.
const plenty = 60

/** Is heard at once and as a whole, for the process may be killed right after. */
function say(line: Readonly<Record<string, unknown>>): void {
  let rest = Buffer.from(`${JSON.stringify(line)}\n`)
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(1, rest))
    } catch (error) {
      // Whoever listens is behind.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    }
  }
}

let made = 0
let operations = 0
let stopping = false

function newMessage(random: Random): { readonly label: string; readonly octets: Buffer } {
  const label = `${name}-${++made}`
  const length = random.chance(0.03) ? random.below(300_000) : random.below(2000)
  return { label, octets: Buffer.from(`Subject: ${label}\r\n\r\n${'text '.repeat(length / 5)}\r\nend\r\n`) }
}

class Session {
  readonly #account: AccountStore
  readonly #random: Random
  readonly #clients: ReadonlyMap<string, Client>

  constructor(account: AccountStore, random: Random, clients: ReadonlyMap<string, Client>) {
    this.#account = account
    this.#random = random
    this.#clients = clients
  }

  async run(): Promise<void> {
    while (!stopping) {
      await this.#step()
      operations += 1
      if (this.#random.chance(0.1)) await pause(this.#random.below(30))
    }
  }

  /** What it sees at the end. */
  async finish(): Promise<void> {
    for (const [mailbox, client] of this.#clients) {
      await client.refresh()
      await client.read(client.uids)
      const { uidValidity, uidNext, highestModSequence, entries } = client.mailbox
      const messages = entries.map(({ uid, id, flags: of, size, modSequence }) => [
        uid,
        id,
        of,
        size,
        modSequence,
      ])
      const prints = [...client.prints].map(([uid, { label, digest }]) => [uid, label, digest])
      say({ final: mailbox, uidValidity, uidNext, highestModSequence, messages, prints })
    }
  }

  #step(): Promise<void> {
    const client = this.#clients.get(this.#random.pick(names))
    if (client === undefined) throw new TypeError('no client')
    const crowded = client.uids.length > plenty
    const steps: readonly (readonly [number, () => Promise<void>])[] = [
      [crowded ? 1 : 5, () => this.#deliver(client.mailbox.name)],
      [crowded ? 0 : 2, () => this.#append(client.mailbox.name)],
      [8, () => this.#flag(client)],
      [crowded ? 0 : 2, () => this.#transfer(client, 'copy')],
      [3, () => this.#transfer(client, 'move')],
      [crowded ? 6 : 1, () => this.#expunge(client)],
      [2, () => this.#status(client)],
      [2, () => this.#search(client)],
      [2, () => this.#list(client)],
      [10, () => this.#refresh(client)],
      [1, () => this.#wander()],
    ]
    let left = this.#random.below(steps.reduce((sum, [weight]) => sum + weight, 0))
    for (const [weight, step] of steps) {
      left -= weight
      if (left < 0) return step()
    }
    return Promise.resolve()
  }

  async #deliver(mailbox: string): Promise<void> {
    const { label, octets } = newMessage(this.#random)
    const some = this.#random.chance(0.2) ? [this.#random.pick(flags)] : []
    await (await this.#account.stage(mailbox, bufferContent(octets), { flags: some })).commit()
    say({ made: label })
  }

  async #append(mailbox: string): Promise<void> {
    const messages = Array.from({ length: this.#random.between(1, 3) }, () => newMessage(this.#random))
    const { uids } = await this.#account.append(
      mailbox,
      messages.map(({ octets }) => ({ content: bufferContent(octets), flags: [this.#random.pick(flags)] })),
    )
    demand(uids.length === messages.length, () => 'not all UIDs were told')
    for (const { label } of messages) say({ made: label })
  }

  async #flag(client: Client): Promise<void> {
    const uids = this.#some(client, 8)
    const some = [this.#random.pick(flags), this.#random.pick(flags)]
    const change = this.#random.pick<FlagChange>([{ add: some }, { remove: some }, { set: some }])
    const { highestModSequence, entries } = client.mailbox
    const before = new Map(entries.map((entry) => [entry.uid, entry]))
    const condition = this.#random.chance(0.2) ? { unchangedSince: highestModSequence } : {}
    const outcome = await client.mailbox.changeFlags(uids, change, condition)
    for (const { uid, flags: now, modSequence } of outcome.entries) {
      const known = before.get(uid)
      const isOther = known?.flags.join(' ') !== now.join(' ')
      demand(uids.includes(uid), () => `UID ${uid} was not to be changed`)
      demand(
        !isOther || modSequence > (known?.modSequence ?? 0),
        () => `UID ${uid} was flagged at ${modSequence}`,
      )
      for (const flag of 'add' in change ? change.add : 'set' in change ? change.set : [])
        demand(now.includes(flag), () => `UID ${uid} lacks ${flag}`)
      for (const flag of 'remove' in change ? change.remove : [])
        demand(!now.includes(flag), () => `UID ${uid} still has ${flag}`)
    }
  }

  async #transfer(client: Client, how: 'copy' | 'move'): Promise<void> {
    const target = this.#random.pick(names)
    const { uids } = await client.mailbox[how](this.#some(client, 4), target)
    const given = uids.map(([, to]) => to)
    demand(
      given.every((uid, at) => uid > (given[at - 1] ?? 0)),
      () => `${how} gave ${given}`,
    )
    if (how === 'move')
      for (const [from] of uids)
        demand(!client.uids.includes(from), () => `UID ${from} is shown after its move`)
  }

  async #expunge(client: Client): Promise<void> {
    const uids = this.#some(client, 4)
    await client.read(uids)
    const known = uids.filter((uid) => client.prints.has(uid))
    for (const uid of known) say({ gone: client.prints.get(uid)?.label })
    const removed = await client.mailbox.expunge(known)
    for (const uid of removed) demand(!client.uids.includes(uid), () => `UID ${uid} is shown after its end`)
  }

  async #status({ mailbox }: Client): Promise<void> {
    const { uidValidity, uidNext, highestModSequence } = mailbox
    const status = await this.#account.status(mailbox.name)
    demand(status.uidValidity === uidValidity, () => 'another UIDVALIDITY')
    demand(status.uidNext >= uidNext, () => 'the next UID of the status is lower')
    demand(status.highestModSequence >= highestModSequence, () => 'the mod-sequence of the status is lower')
  }

  async #search(client: Client): Promise<void> {
    const { mailbox } = client
    const flag = this.#random.pick(flags)
    const found = await mailbox.search({ kind: 'flag', flag })
    const expected = mailbox.entries.filter((entry) => entry.flags.includes(flag)).map(({ uid }) => uid)
    demand(found.join() === expected.join(), () => `${flag} was found at ${found}, not at ${expected}`)
    const [uid] = this.#some(client, 1)
    const print = uid === undefined ? undefined : client.prints.get(uid)
    if (uid === undefined || print === undefined) return
    const matches = await mailbox.search({ kind: 'text', text: `${print.label}\r\n\r\n`.trim() })
    if (!matches.includes(uid)) await this.#expectGone(client, uid)
  }

  async #list(client: Client): Promise<void> {
    const uids = client.uids
    const listed = new Set<number>()
    for await (const { uid, header } of client.mailbox.summaries(uids)) {
      listed.add(uid)
      const [subject, known] = [header.first('subject')?.text, client.prints.get(uid)?.label]
      demand(
        known === undefined || known === subject,
        () => `UID ${uid} is ${known} and is listed as ${subject}`,
      )
    }
    for (const uid of uids) if (!listed.has(uid)) await this.#expectGone(client, uid)
  }

  async #expectGone({ mailbox }: Client, uid: number): Promise<void> {
    const code = await mailbox.content(uid).then(() => undefined, errorCode)
    demand(code === 'MAIL_E_NOT_FOUND', () => `UID ${uid} of ${mailbox.name} was left out`)
  }

  async #refresh(client: Client): Promise<void> {
    await client.refresh()
    await client.read(client.uids.filter((uid) => !client.prints.has(uid)).slice(0, 20))
    await client.read(this.#some(client, 2))
  }

  /** Renames a mailbox with a child to and fro, and works in it meanwhile. */
  async #wander(): Promise<void> {
    const [from, to] = this.#random.chance(0.5) ? wandering : ([wandering[1], wandering[0]] as const)
    try {
      if (this.#random.chance(0.3)) return await this.#account.renameMailbox(from, to)
      await this.#append(this.#random.pick([from, `${from}/Child`]))
      const mailbox = await this.#account.openMailbox(from)
      await mailbox.changeFlags(
        mailbox.entries.slice(-3).map(({ uid }) => uid),
        { add: [this.#random.pick(flags)] },
      )
      await mailbox.close()
    } catch (error) {
      // Somebody else was faster.
      const code = String(errorCode(error))
      if (!['MAIL_E_NOT_FOUND', 'MAIL_E_EXISTS', 'MAIL_E_UNAVAILABLE'].includes(code)) throw error
      const text = String(error)
      demand(!/locked|damaged|anew/.test(text), () => `${from}: ${text}`)
    }
  }

  #some(client: Client, most: number): readonly number[] {
    const { uids } = client
    const count = Math.min(uids.length, this.#random.below(most + 1))
    return Array.from({ length: count }, () => uids[this.#random.below(uids.length)] ?? 0)
  }
}

async function newSession(account: AccountStore, random: Random): Promise<Session> {
  const clients = new Map<string, Client>()
  for (const mailbox of names) clients.set(mailbox, new Client(await account.openMailbox(mailbox)))
  return new Session(account, random, clients)
}

const { mailboxes, close } = await openMaildir(root, unsyncedFiles(nodeFileSystem), systemClock)
const sessions = [
  await newSession(mailboxes, new Random(Number(seed))),
  await newSession(mailboxes, new Random(Number(seed) + 1000)),
]
const lines = createInterface(process.stdin)[Symbol.asyncIterator]()
say({ started: true })
const running = Promise.all(sessions.map((session) => session.run()))
running.catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`, () => process.exit(1))
})
await lines.next()
stopping = true
await running
say({ stopped: operations })
await lines.next()
for (const session of sessions) await session.finish()
await close()
process.stdin.destroy()
