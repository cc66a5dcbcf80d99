import { setTimeout as pause } from 'node:timers/promises'
import { numbersOf, type Response } from './grammar/index.ts'
import type { ImapAnswer } from './imap-client.ts'
import { demand, flagText } from './imap-model.ts'
import { codeOf, type ModelClient } from './imap-model-client.ts'

const flags = ['\\Seen', '\\Flagged', '\\Answered', '\\Deleted', 'Junk', '$Forwarded', 'Work-Later'] as const
const mailboxes = ['INBOX', 'INBOX', 'INBOX', 'INBOX', 'INBOX', 'Archive'] as const
// So many messages are left in a mailbox, about.
const plenty = 60

/** One thing that a client does at random, of those that fit. */
export function randomStep(client: ModelClient): Promise<unknown> {
  const { random, model } = client
  const crowded = model.messages.length > plenty
  const steps: readonly (readonly [number, () => Promise<unknown>])[] = [
    [crowded ? 0 : 4, () => append(client)],
    [crowded ? 0 : 3, () => transfer(client, 'COPY')],
    [3, () => transfer(client, 'MOVE')],
    [crowded ? 4 : 1, () => expunge(client)],
    [crowded ? 4 : 1, () => expungeSome(client)],
    [10, () => store(client)],
    [5, () => fetchFlags(client)],
    [3, () => fetchBodies(client)],
    [4, () => search(client)],
    [6, () => client.look(random.pick(['NOOP', 'NOOP', 'CHECK']))],
    [3, () => client.idle(() => pause(random.below(80)))],
    [2, () => client.pipeline(pipelined(client))],
    [2, () => client.select(random.pick(mailboxes))],
    [1, () => closeAndSelect(client)],
    [1, () => status(client)],
  ]
  let left = random.below(steps.reduce((sum, [weight]) => sum + weight, 0))
  for (const [weight, step] of steps) {
    left -= weight
    if (left < 0) return step()
  }
  return Promise.resolve()
}

/** Messages that a command is about. */
interface Chosen {
  readonly uids: readonly number[]
  readonly byUid: boolean
  readonly prefix: '' | 'UID '
  readonly set: string
}

/** Some messages whose UIDs are known, or none. */
function choose({ model, random, byUidOnly }: ModelClient, most: number): Chosen | undefined {
  const { uids } = model
  if (uids.length === 0) return undefined
  const start = random.below(uids.length)
  const picked = random.chance(0.5)
    ? uids.slice(start, start + random.between(1, most))
    : uids.filter(() => random.chance(most / 2 / uids.length))
  const some = picked.length === 0 ? uids.slice(-1) : picked
  const byUid = byUidOnly || random.chance(0.5)
  const numbers = byUid ? some : some.map((uid) => model.numberOf(uid))
  return { uids: some, byUid, prefix: byUid ? 'UID ' : '', set: numbers.join(',') }
}

async function append(client: ModelClient): Promise<void> {
  const { random, world } = client
  const target = random.pick(mailboxes)
  const before = world.highest(target)
  const labels = Array.from({ length: random.between(1, 3) }, () => world.newLabel(client.name))
  const pieces: (string | Buffer)[] = []
  const given: (readonly string[])[] = []
  for (const [at, label] of labels.entries()) {
    const some = random.chance(0.6) ? [random.pick(flags)] : []
    given.push(some)
    const list = some.length === 0 ? ' ' : ` (${some.join(' ')}) `
    pieces.push(at === 0 ? `APPEND ${target}${list}` : list)
    const text = `Subject: ${label}\r\nFrom: a@example.org\r\n\r\n${'text '.repeat(random.below(500))}\r\n`
    pieces.push(Buffer.from(text))
  }
  const answer = await client.command(random.chance(0.5) ? pieces : [withoutWaiting(pieces)])
  const uids = [...numbersOf(codeOf(answer, 'APPENDUID')?.sets?.[0] ?? [])]
  demand(uids.length === labels.length, () => `APPEND told ${uids.length} UIDs of ${labels.length}`)
  for (const [at, uid] of uids.entries()) {
    demand(uid > before, () => `APPEND gave UID ${uid}, and ${before} was given before`)
    world.isMessage(target, uid, labels[at] ?? '')
    if (given[at]?.includes('\\Deleted')) world.mark(target, [uid])
  }
}

/** RFC 7888: literals that nobody waits for. */
function withoutWaiting(pieces: readonly (string | Buffer)[]): string {
  return pieces
    .map((piece) => (typeof piece === 'string' ? piece : `{${piece.length}+}\r\n${piece.toString('latin1')}`))
    .join('')
}

async function transfer(client: ModelClient, name: 'COPY' | 'MOVE'): Promise<void> {
  const { random, world, mailbox } = client
  const chosen = choose(client, 5)
  if (chosen === undefined) return
  const target = random.pick(mailboxes)
  const before = world.highest(target)
  if (name === 'MOVE') world.move(mailbox, chosen.uids)
  const answer = await client.command([`${chosen.prefix}${name} ${chosen.set} ${target}`])
  const [from = [], to = []] = (codeOf(answer, 'COPYUID')?.sets ?? []).map((set) => [...numbersOf(set)])
  for (const [at, uid] of from.entries()) {
    const given = to[at] ?? 0
    demand(chosen.uids.includes(uid), () => `${name} told of UID ${uid}, which was not asked for`)
    demand(given > before, () => `${name} gave UID ${given}, and ${before} was given before`)
    world.copied(mailbox, uid, target, given)
    const isLeft = name === 'MOVE' && client.model.messageOf(uid) !== undefined
    demand(!isLeft, () => `UID ${uid} was moved and is there`)
  }
  // What was refused was not begun. Else those that it does not tell of were removed by others meanwhile.
  if (answer.status.condition === 'NO') return
  for (const uid of chosen.uids) if (!from.includes(uid)) client.suspects.add(uid)
}

async function expunge(client: ModelClient): Promise<void> {
  if (client.byUidOnly) await expungeSome(client)
  else await client.command(['EXPUNGE'])
}

async function expungeSome(client: ModelClient): Promise<void> {
  const chosen = choose(client, 20)
  if (chosen !== undefined) await client.command([`UID EXPUNGE ${chosen.uids.join(',')}`])
}

async function store(client: ModelClient): Promise<void> {
  const { random, world, model } = client
  const chosen = choose(client, 6)
  if (chosen === undefined) return
  const sign = random.pick(['+', '-', ''])
  const some = [...new Set([random.pick(flags), random.pick(flags)])]
  const isSilent = random.chance(0.4)
  if (sign !== '-' && some.includes('\\Deleted')) world.mark(client.mailbox, chosen.uids)
  const isConditional = client.knowsModSequences && client.highest > 0n && random.chance(0.2)
  const condition = isConditional ? ` (UNCHANGEDSINCE ${client.highest})` : ''
  const text = `${sign}FLAGS${isSilent ? '.SILENT' : ''} (${some.join(' ')})`
  const told = new Map<number, string>()
  const answer = await client.command(
    [`${chosen.prefix}STORE ${chosen.set}${condition} ${text}`],
    (response) => {
      if (response.kind !== 'fetch' || response.items.flags === undefined) return
      const { uid = response.number } = response.items
      if (!told.has(uid)) told.set(uid, flagText(response.items.flags))
    },
  )
  const left = modified(client, chosen, answer)
  for (const uid of chosen.uids) {
    const message = model.messageOf(uid)
    if (message === undefined || left.has(uid)) continue
    const now = told.get(uid)
    if (now !== undefined) {
      // What a silent change tells may be what somebody did after it.
      demand(isSilent || changed(now, sign, some) === now, () => `UID ${uid} has (${now}) after ${text}`)
      continue
    }
    // Who names a message by its UID is not told whether it was there.
    const isSure = isSilent && answer.status.condition === 'OK' && !chosen.byUid
    if (!isSilent) client.suspects.add(uid)
    message.flags = isSure && message.flags !== undefined ? changed(message.flags, sign, some) : undefined
  }
}

/** UIDs of what was left alone (RFC 7162 §3.1.3). */
function modified({ model }: ModelClient, { byUid }: Chosen, answer: ImapAnswer): ReadonlySet<number> {
  const numbers = [...numbersOf(codeOf(answer, 'MODIFIED')?.sets?.[0] ?? [])]
  return new Set(byUid ? numbers : numbers.flatMap((number) => model.messages[number - 1]?.uid ?? []))
}

function changed(before: string, sign: string, some: readonly string[]): string {
  const had = before === '' ? [] : before.split(' ')
  if (sign === '') return flagText(some)
  const rest = had.filter((flag) => !some.includes(flag))
  return flagText(sign === '+' ? [...rest, ...some] : rest)
}

async function fetchFlags(client: ModelClient): Promise<void> {
  const { random } = client
  const more = random.pick(['', '', ' RFC822.SIZE', ' INTERNALDATE', ' ENVELOPE'])
  await client.fetchAll(`UID FLAGS${more}`)
}

async function fetchBodies(client: ModelClient): Promise<void> {
  const chosen = choose(client, 8)
  if (chosen === undefined) return
  const item = client.random.pick(['BODY.PEEK[]', 'BODY.PEEK[]', 'BODY[]'])
  const told = new Set<number>()
  await client.command([`${chosen.prefix}FETCH ${chosen.set} (UID ENVELOPE ${item})`], (response) => {
    if (response.kind === 'fetch' && response.items.sections.has('BODY[]'))
      told.add(response.items.uid ?? response.number)
  })
  for (const uid of chosen.uids) {
    const message = client.model.messageOf(uid)
    if (told.has(uid) || message === undefined) continue
    client.suspects.add(uid)
    // It was marked as seen, and then it was gone.
    if (item === 'BODY[]') message.flags = undefined
  }
}

async function search(client: ModelClient): Promise<void> {
  const { random, byUidOnly, model } = client
  const flag = random.pick(flags)
  const key = flag.startsWith('\\') ? flag.slice(1).toUpperCase() : `KEYWORD ${flag}`
  const byUid = byUidOnly || random.chance(0.5)
  const returned = client.enabled('IMAP4rev2') || random.chance(0.3) ? 'RETURN (ALL) ' : ''
  await client.command([`${byUid ? 'UID ' : ''}SEARCH ${returned}${key}`], (response) => {
    const numbers = foundNumbers(response)
    if (numbers === undefined) return
    const found = new Set(
      numbers.map((number) => (byUid ? model.messageOf(number) : model.messages[number - 1])),
    )
    for (const message of model.messages) {
      const { uid, flags: known } = message
      if (uid === undefined || known === undefined || known.split(' ').includes(flag) === found.has(message))
        continue
      demand(!found.has(message), () => `UID ${uid} was found by ${key} and has (${known})`)
      client.suspects.add(uid)
    }
  })
}

function foundNumbers(response: Response): readonly number[] | undefined {
  if (response.kind === 'search') return response.numbers
  return response.kind === 'esearch' ? [...numbersOf(response.all ?? [])] : undefined
}

/** Commands whose message numbers cannot change meanwhile. */
function pipelined({ random, byUidOnly, model }: ModelClient): readonly string[] {
  const last = model.uids.at(-1) ?? 1
  const commands = [
    'NOOP',
    `UID FETCH ${Math.max(1, last - 5)}:* (UID FLAGS)`,
    `UID SEARCH RETURN (COUNT) UNSEEN`,
    `UID STORE ${last} +FLAGS ($Forwarded)`,
    'CHECK',
    byUidOnly ? 'UID EXPUNGE 1' : 'NOOP',
  ] as const
  return Array.from({ length: random.between(2, 6) }, () => random.pick(commands))
}

async function closeAndSelect(client: ModelClient): Promise<void> {
  client.remember()
  await client.command([client.random.pick(['CLOSE', 'UNSELECT'])])
  await client.select(client.mailbox)
}

async function status(client: ModelClient): Promise<void> {
  const name = client.random.pick(['INBOX', 'Archive'])
  const before = client.world.highest(name)
  await client.command([`STATUS ${name} (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)`], (response) => {
    if (response.kind !== 'status-data') return
    const next = Number(response.items.get('UIDNEXT'))
    demand(next > before, () => `UIDNEXT of ${name} is ${next}, and UID ${before} was given`)
    const validity = response.items.get('UIDVALIDITY')
    if (typeof validity === 'bigint') client.world.hasValidity(name, validity)
  })
}
