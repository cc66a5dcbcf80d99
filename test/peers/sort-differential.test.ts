// Our sorting and threading beside Dovecot's, over generated mail that it serves from Maildirs. They answer the same but for
// what `undecomposed` and `orderedThreads` say; any other difference fails. Not generated are, as nobody means them: ids
// within ids such as `<a <b@c>`, of which we take the inner one and Dovecot all; seconds of one digit, which Dovecot takes
// for no date; addresses without a local part, which it calls MISSING_MAILBOX.
import { chown, mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FactSource, type MailboxFacts, MessageFacts } from '../../core/facts/index.ts'
import { bufferContent, type Content } from '../../core/model/content.ts'
import { parseHeader } from '../../core/model/header/header.ts'
import { type SortCriterion, type SortKey, sortMessages } from '../../core/sorting/index.ts'
import { sentSeconds } from '../../core/sorting/sent-date.ts'
import { summarise } from '../../core/summary/index.ts'
import { type ThreadAlgorithm, threadMessages } from '../../core/threading/index.ts'
import { conversations } from '../generator/conversations.ts'
import { Random } from '../generator/random.ts'
import { readThreads, type ThreadMember } from '../support/imap/thread-response.ts'
import { LineClient } from '../support/line-client.ts'
import { type DovecotMail, startDovecotMail } from '../support/peers/dovecot-mail.ts'
import { requirePeer } from '../support/peers/peers.ts'

const keys: readonly SortKey[] = [
  'arrival',
  'cc',
  'date',
  'from',
  'size',
  'subject',
  'to',
  'displayfrom',
  'displayto',
]
const algorithms: readonly ThreadAlgorithm[] = ['orderedsubject', 'references', 'refs']

/**
 * Dovecot's table has no canonical decompositions, and none of letters that are in titlecase; RFC 5051 §2 has them of any
 * type. So other letters come before and after these.
 */
const undecomposed = /[À-ÿ\u01c4-\u01cc]/

class TestMailbox {
  readonly name: string
  readonly octets: readonly Buffer[]
  readonly uids: readonly number[]
  readonly facts: MailboxFacts

  constructor(name: string, octets: readonly Buffer[]) {
    this.name = name
    this.octets = octets
    this.uids = octets.map((_, index) => index + 1)
    this.facts = new MessageFacts({ bytes: 2 ** 26 }).of('ann', this.#source())
  }

  arrived(index: number): Date {
    return new Date(Date.UTC(2026, 0, 1) + ((index * 37) % 100) * 60_000)
  }

  /** Whether a field of a message has letters by which Dovecot sorts in another way. */
  isUndecomposed(uid: number, field: string): boolean {
    const header = parseHeader(this.octets[uid - 1] ?? Buffer.alloc(0))
    return undecomposed.test(header.text(field) ?? '')
  }

  /** When a message was sent, in seconds. */
  sent(uid: number): number {
    const seconds = sentSeconds({ header: parseHeader(this.octets[uid - 1] ?? Buffer.alloc(0)) })
    return Number.isNaN(seconds) ? this.arrived(uid - 1).getTime() / 1000 : seconds
  }

  #source(): FactSource {
    const content = async (uid: number): Promise<Content> =>
      bufferContent(this.octets[uid - 1] ?? Buffer.alloc(0))
    return {
      id: this.name,
      uidValidity: 1,
      content,
      entries: this.octets.map(({ length: size }, index) => ({
        uid: index + 1,
        id: `m${index}`,
        size,
        flags: [],
        internalDate: this.arrived(index),
        savedDate: this.arrived(index),
        modSequence: 1,
      })),
      async *summaries(uids) {
        for (const uid of uids) yield await summarise(uid, await content(uid))
      },
    }
  }
}

const mailboxes = Array.from(
  { length: 10 },
  (_, index) =>
    new TestMailbox(`m${index}`, conversations(5_256 + index, 40 + index * 20, { isWild: index % 2 === 1 })),
)
const random = new Random(20_261_128)

const dovecot = requirePeer('doveadm')
let folder = ''
let server: DovecotMail
let client: LineClient

/** Sends a command and answers what stands behind the name of its untagged response. */
async function ask(command: string, name = 'OK'): Promise<string> {
  client.send(`a ${command}`)
  let answer = ''
  for (;;) {
    const line = await client.line()
    if (line?.startsWith(`* ${name}`)) answer = line.slice(name.length + 2).trim()
    if (line?.startsWith('a OK')) return answer
    if (line === undefined || line.startsWith('a ')) throw new Error(`${command}: ${line}`)
  }
}

async function writeMaildir({ name, octets, arrived }: TestMailbox): Promise<void> {
  const owner = process.getuid?.() === 0 ? 65_534 : (process.getuid?.() ?? 0)
  const maildir = join(server.maildir, `.${name}`)
  for (const part of ['', 'cur', 'new', 'tmp']) {
    await mkdir(join(maildir, part), { recursive: true })
    await chown(join(maildir, part), owner, owner)
  }
  for (const [index, message] of octets.entries()) {
    const file = join(maildir, 'cur', `${1_700_000_000 + index}.M${index}.mail.example.org:2,`)
    await writeFile(file, message.toString('latin1').replaceAll('\r\n', '\n'), 'latin1')
    await chown(file, owner, owner)
    await utimes(file, arrived(index), arrived(index))
  }
}

async function expectSameOrder(
  mailbox: TestMailbox,
  criteria: readonly SortCriterion[],
  uids: readonly number[],
): Promise<void> {
  const words = criteria.map(({ key, reverse }) => `${reverse ? 'REVERSE ' : ''}${key.toUpperCase()}`)
  const answer = await ask(`UID SORT (${words.join(' ')}) UTF-8 UID ${uids.join(',')}`, 'SORT')
  const fields = criteria.map(({ key }) => key.replace('display', ''))
  const isPlain = (uid: number): boolean => !fields.some((field) => mailbox.isUndecomposed(uid, field))
  const ours = await sortMessages(mailbox.facts, criteria, uids)
  expect([words, ours.length, ...ours.filter(isPlain)]).toEqual([
    words,
    uids.length,
    ...answer.split(' ').map(Number).filter(isPlain),
  ])
}

async function expectSameThreads(
  mailbox: TestMailbox,
  algorithm: ThreadAlgorithm,
  uids: readonly number[],
): Promise<void> {
  const answer = await ask(`UID THREAD ${algorithm.toUpperCase()} UTF-8 UID ${uids.join(',')}`, 'THREAD')
  const { uids: numbers, depths } = await threadMessages(mailbox.facts, algorithm, uids)
  const ours = Array.from(numbers, (uid, index): ThreadMember => [uid, depths[index] ?? 0])
  const theirs = readThreads(answer)
  if (algorithm !== 'refs') expect(ours).toEqual(theirs)
  else expect(orderedThreads(mailbox, ours)).toEqual(orderedThreads(mailbox, theirs))
}

/**
 * Threads with the date of their latest message, in the order in which they stand, but for those of one date. Of these
 * Dovecot puts first what begins with a message that is not there.
 */
function orderedThreads(mailbox: TestMailbox, members: readonly ThreadMember[]): readonly string[] {
  const threads: ThreadMember[][] = []
  for (const member of members) {
    if (member[1] === 0) threads.push([])
    threads.at(-1)?.push(member)
  }
  const dated = threads.map((thread) => ({
    latest: Math.max(...thread.map(([uid]) => (uid === 0 ? 0 : mailbox.sent(uid)))),
    text: JSON.stringify(thread),
  }))
  const isSame = (index: number): boolean => dated[index]?.latest === dated[index - 1]?.latest
  const groups = dated.map((_, index) => index).filter((index) => !isSame(index))
  return groups.flatMap((start, group) => {
    const same = dated.slice(start, groups[group + 1]).map(({ latest, text }) => `${latest} ${text}`)
    return same.sort()
  })
}

function someOf(uids: readonly number[]): readonly number[] {
  const chosen = uids.filter(() => random.chance(0.5))
  return chosen.length === 0 ? uids : chosen
}

describe.runIf(dovecot.available)(dovecot.title, () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mailwright-sort-'))
    server = await startDovecotMail(folder)
    for (const mailbox of mailboxes) await writeMaildir(mailbox)
    client = await LineClient.open(server.imapPort)
    await ask(`LOGIN ${server.user} ${server.password}`)
  })

  afterAll(async () => {
    client?.close()
    await server?.[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  it.each(mailboxes)('sorts $name in the same order by every key', async (mailbox) => {
    await ask(`SELECT ${mailbox.name}`)
    for (const key of keys) {
      await expectSameOrder(mailbox, [{ key, reverse: false }], mailbox.uids)
      await expectSameOrder(mailbox, [{ key, reverse: true }], mailbox.uids)
    }
  })

  it.each(mailboxes)('sorts some of $name in the same order by several keys', async (mailbox) => {
    await ask(`SELECT ${mailbox.name}`)
    for (let round = 0; round < 20; round += 1) {
      const criteria = keys
        .toSorted(() => random.fraction() - 0.5)
        .slice(0, random.between(2, 4))
        .map((key) => ({ key, reverse: random.chance(0.5) }))
      await expectSameOrder(mailbox, criteria, someOf(mailbox.uids))
    }
  })

  it.each(mailboxes)('makes the same threads of $name and of some of it', async (mailbox) => {
    await ask(`SELECT ${mailbox.name}`)
    for (const algorithm of algorithms) {
      await expectSameThreads(mailbox, algorithm, mailbox.uids)
      for (let round = 0; round < 5; round += 1)
        await expectSameThreads(mailbox, algorithm, someOf(mailbox.uids))
    }
  })
})
