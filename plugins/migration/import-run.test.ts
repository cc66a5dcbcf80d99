import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type AccountStore,
  type AppendMessage,
  bufferContent,
  MailwrightError,
  parseAddress,
  readAll,
  type SpecialUse,
  type Store,
  type StoreAbilities,
  UnavailableError,
} from 'mailwright'
import { createMemoryStore } from 'mailwright/plugins/memory'
import { fakeClock, overlay, recordedRetrieval } from 'mailwright/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { nameFilter } from './glob.ts'
import { type ImportPlan, ImportRun } from './import-run.ts'
import { Journal, readJournal } from './journal.ts'
import { Progress } from './progress.ts'
import type { LoadedMessages, MailSource, OpenedSource, SourceEntry, SourceMailbox } from './source.ts'
import type { ImportSummary } from './summary.ts'
import { survey } from './survey.ts'

interface ScriptedMessage {
  readonly text: string
  readonly uid?: number
  readonly flags?: readonly string[]
  readonly date?: Date
  readonly unreadable?: boolean
}

interface ScriptedMailbox {
  readonly levels: readonly string[]
  readonly messages: readonly ScriptedMessage[]
  readonly specialUse?: SpecialUse
  readonly identity?: string
  readonly subscribed?: boolean
  readonly problem?: Error
}

const day = new Date('2020-02-02T10:00:00.250Z')
let folder = ''
let store: Store
let account: AccountStore
let disposed = 0
let loaded = 0

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-import-'))
  store = createMemoryStore(recordedRetrieval())
  account = await open()
  disposed = 0
  loaded = 0
})
afterEach(() => rm(folder, { recursive: true, force: true }))

function open(more: { readonly quotaBytes?: number } = {}): Promise<AccountStore> {
  const address = parseAddress('me@example.org') ?? { localPart: '', domain: '' }
  return store.open({ id: '1', address, ...more })
}

/** A source of messages that are given. */
function source(mailboxes: readonly ScriptedMailbox[]): MailSource {
  const keyOf = ({ levels }: ScriptedMailbox): string => levels.join('|')
  return {
    name: 'scripted',
    skipped: [],
    mailboxes: async () =>
      mailboxes.map((mailbox): SourceMailbox => {
        const { levels, specialUse, messages } = mailbox
        const known = { key: keyOf(mailbox), levels, messages: messages.length }
        return specialUse === undefined ? known : { ...known, specialUse }
      }),
    subscriptions: async () => mailboxes.flatMap(({ levels, subscribed }) => (subscribed ? [levels] : [])),
    open: async ({ key }) => {
      const found = mailboxes.find((mailbox) => keyOf(mailbox) === key)
      if (found?.problem !== undefined) throw found.problem
      return opened(found?.messages ?? [], found?.identity ?? '1')
    },
    close: async () => undefined,
  }
}

function opened(messages: readonly ScriptedMessage[], identity: string): OpenedSource {
  const entries = messages.map(({ text, uid, flags = [], date = day }, place): SourceEntry => {
    const known = {
      key: String(place),
      label: `message ${place}`,
      size: text.length,
      flags,
      internalDate: date,
    }
    return uid === undefined ? known : { ...known, uid }
  })
  return {
    identity,
    async *entries() {
      yield* entries
    },
    async load(wanted): Promise<LoadedMessages> {
      loaded++
      const all = wanted.map((entry) => ({ entry, message: messages[Number(entry.key)] }))
      return {
        messages: all.flatMap(({ entry, message }) =>
          message === undefined || message.unreadable
            ? []
            : [{ entry, content: bufferContent(Buffer.from(message.text)) }],
        ),
        failed: all.flatMap(({ entry, message }) =>
          message?.unreadable ? [{ entry, problem: 'it cannot be read' }] : [],
        ),
        dispose: async () => void disposed++,
      }
    },
    close: async () => undefined,
  }
}

interface RunOptions extends Partial<Omit<ImportPlan, 'source'>> {
  /** What the run is told by the journal's file being lost after so many durable notes. */
  readonly crashAfterNotes?: number
}

async function run(mailboxes: readonly ScriptedMailbox[], options: RunOptions = {}): Promise<ImportSummary> {
  const journal = await Journal.open(join(folder, 'state.jsonl'), {})
  const { crashAfterNotes, ...more } = options
  if (crashAfterNotes !== undefined) failAfter(journal, crashAfterNotes)
  try {
    return await new ImportRun(plan(mailboxes, more), journal, new Progress(undefined, fakeClock())).run()
  } finally {
    await journal.close().catch(() => undefined)
  }
}

function plan(mailboxes: readonly ScriptedMailbox[], more: Partial<ImportPlan> = {}): ImportPlan {
  const { supports } = store
  const source_ = source(mailboxes)
  return {
    source: source_,
    account,
    supports,
    into: [],
    isWanted: nameFilter('*'),
    since: undefined,
    ...more,
  }
}

function failAfter(journal: Journal, notes: number): void {
  const flush = journal.flush.bind(journal)
  let count = 0
  journal.flush = async () => {
    if (count++ >= notes) throw new UnavailableError('the disk is gone')
    await flush()
  }
}

const message = (number: number): ScriptedMessage => ({
  text: `Subject: ${number}\r\n\r\nbody ${number}\r\n`,
  uid: 10 + 2 * number,
  date: new Date(day.getTime() + number * 1000),
})
const messages = (count: number): readonly ScriptedMessage[] =>
  Array.from({ length: count }, (_, number) => message(number))
const inbox = (count: number): ScriptedMailbox => ({ levels: ['INBOX'], messages: messages(count) })

/** The texts in a mailbox, in the order of the UIDs. */
async function texts(name = 'INBOX', from: AccountStore = account): Promise<readonly string[]> {
  const mailbox = await from.openMailbox(name)
  const contents = await Promise.all(
    mailbox.entries.map(async ({ uid }) => readAll(await mailbox.content(uid))),
  )
  return contents.map(String)
}

it('brings octets, flags, dates and UIDs in their order, in batches', async () => {
  const flags = ['\\Seen', '\\Recent', 'Work', '$Forwarded']
  const many = messages(450).map((each, place) => (place === 3 ? { ...each, flags } : each))
  const summary = await run([{ levels: ['INBOX'], messages: many }])
  expect(summary.output('imported')).toMatchObject({ exitCode: 0, json: { subscribed: 0, skipped: [] } })
  expect(await texts()).toEqual(many.map(({ text }) => text))
  const { entries } = await account.openMailbox('INBOX')
  expect(entries.map(({ uid }) => uid)).toEqual(many.map(({ uid }) => uid))
  expect(entries[3]?.flags).toEqual(['$Forwarded', 'Work', '\\Seen'])
  expect(entries[4]?.internalDate).toEqual(many[4]?.date)
  expect([loaded, disposed]).toEqual([3, 3])
})

it('imports only what is new, as often as it is run', async () => {
  await run([inbox(3)])
  const again = await run([inbox(5)])
  expect(again.mailboxes).toMatchObject([{ imported: 2, already: 3 }])
  expect((await run([inbox(5)])).mailboxes).toMatchObject([{ imported: 0, already: 5 }])
  expect(await texts()).toEqual(messages(5).map(({ text }) => text))
})

it('gives UIDs of its own where the mailbox has had messages', async () => {
  await account.append('INBOX', [{ content: bufferContent(Buffer.from('first')) }])
  await run([inbox(2)])
  expect((await account.openMailbox('INBOX')).entries.map(({ uid }) => uid)).toEqual([1, 2, 3])
})

it('goes on keeping UIDs in later runs, and does not let a source use them all up', async () => {
  await run([inbox(1)])
  const greedy = { ...message(1), uid: 4_294_967_295 }
  await run([{ levels: ['INBOX'], messages: [message(0), greedy, message(2)] }])
  expect((await account.openMailbox('INBOX')).entries.map(({ uid }) => uid)).toEqual([10, 11, 14])
})

it('makes mailboxes, with what they are for, and subscribes to them', async () => {
  await account.createMailbox('Gesendet', { specialUse: '\\Sent' })
  const summary = await run([
    { levels: ['INBOX'], messages: [], subscribed: true },
    { levels: ['Work', 'Résumé'], messages: messages(1), subscribed: true },
    { levels: ['Junk Mail'], messages: [], specialUse: '\\Junk' },
    { levels: ['Sent Items'], messages: [], specialUse: '\\Sent' },
    { levels: ['Other Junk'], messages: [], specialUse: '\\Junk' },
  ])
  expect(summary.subscribed).toBe(2)
  const infos = await account.mailboxes()
  expect(infos.map(({ name, specialUse, subscribed }) => [name, specialUse ?? '', subscribed])).toEqual([
    ['INBOX', '', true],
    ['Gesendet', '\\Sent', false],
    ['Junk Mail', '\\Junk', false],
    ['Other Junk', '', false],
    ['Sent Items', '', false],
    ['Work', '', false],
    ['Work/Résumé', '', true],
  ])
})

it('says what an existing mailbox is for where nobody has said so', async () => {
  await account.createMailbox('Trash')
  await run([{ levels: ['Trash'], messages: [], specialUse: '\\Trash' }])
  expect(await account.mailboxes()).toContainEqual(
    expect.objectContaining({ name: 'Trash', specialUse: '\\Trash' }),
  )
})

it('makes names safe that the store would refuse, keeps them apart, and says so', async () => {
  const hostile: ScriptedMailbox[] = [
    { levels: ['a/b'], messages: messages(1), subscribed: true },
    { levels: ['bell\u0007'], messages: messages(2) },
    { levels: ['', 'x'], messages: messages(1) },
    { levels: ['inbox'], messages: messages(3) },
    { levels: ['INBOX'], messages: messages(4) },
  ]
  const summary = await run(hostile)
  const names = summary.mailboxes.map(({ target }) => target)
  expect(names).toEqual([
    expect.stringMatching(/^a_b-[0-9a-f]{6}$/),
    expect.stringMatching(/^bell_-[0-9a-f]{6}$/),
    expect.stringMatching(/^-[0-9a-f]{6}\/x$/),
    'INBOX',
    'INBOX-2',
  ])
  expect(summary.mailboxes.map(({ renamed }) => renamed)).toEqual([true, true, true, false, true])
  expect(await account.subscriptions()).toEqual([names[0]])
  expect((await run(hostile)).mailboxes.map(({ target, already }) => [target, already])).toEqual(
    names.map((name, place) => [name, hostile[place]?.messages.length]),
  )
})

it('puts everything below a mailbox where that is wanted', async () => {
  await run([inbox(1), { levels: ['Work'], messages: messages(2), subscribed: true }], {
    into: ['Old', 'Mail'],
  })
  expect(await texts('Old/Mail')).toHaveLength(1)
  expect(await texts('Old/Mail/Work')).toHaveLength(2)
  expect(await account.subscriptions()).toEqual(['Old/Mail/Work'])
})

it('leaves out mailboxes and older messages that are not wanted', async () => {
  const since = new Date(day.getTime() + 2000)
  const summary = await run([inbox(5), { levels: ['Spam'], messages: messages(1), subscribed: true }], {
    since,
    isWanted: nameFilter('INBOX'),
  })
  expect(summary.mailboxes).toMatchObject([{ mailbox: 'INBOX', imported: 3, older: 2 }])
  expect(summary.subscribed).toBe(0)
})

it('names single messages that are refused, and imports the others', async () => {
  const refusing = refusingStore(account, ({ content }) => content.size === 28)
  const bad = { ...message(7), text: 'Subject: bad\r\n\r\nthe body\r\n\r\n' }
  const summary = await run([{ levels: ['INBOX'], messages: [...messages(20), bad, message(21)] }], {
    account: refusing,
  })
  expect(summary.mailboxes).toMatchObject([{ imported: 21, failed: [{ message: 'message 20' }] }])
  expect(summary.output('imported')).toMatchObject({
    exitCode: 1,
    text: expect.stringMatching(/^failed: INBOX, message 20: refused$/m) as unknown,
  })
  expect(await texts()).toEqual([...messages(20), message(21)].map(({ text }) => text))
  expect(
    (await run([{ levels: ['INBOX'], messages: [...messages(20), bad, message(21)] }])).mailboxes,
  ).toMatchObject([{ imported: 1, already: 21, failed: [] }])
})

it('names messages that cannot be read, and mailboxes that cannot be opened', async () => {
  const problem = new MailwrightError('MAIL_E_NOT_FOUND', 'it is gone')
  const summary = await run([
    { levels: ['INBOX'], messages: [message(0), { ...message(1), unreadable: true }, message(2)] },
    { levels: ['Gone'], messages: [], problem },
    { levels: ['Work'], messages: messages(1) },
  ])
  expect(summary.mailboxes).toMatchObject([
    { imported: 2, failed: [{ message: 'message 1', problem: 'it cannot be read' }] },
    { imported: 1 },
  ])
  expect(summary.skipped).toEqual([{ what: 'Gone', why: 'it is gone' }])
  expect(summary.output('imported').exitCode).toBe(1)
})

it('ends where nothing fits any more, and goes on from there when there is room', async () => {
  account = await open({ quotaBytes: 100 })
  const summary = await run([inbox(60), { levels: ['Work'], messages: messages(1) }])
  expect(summary.stopped).toMatch(/nothing fits/)
  expect(summary.mailboxes).toHaveLength(1)
  expect(summary.output('imported')).toMatchObject({ exitCode: 1 })
  const fitted = (await texts()).length
  expect(fitted).toBeGreaterThan(0)
  account = await open()
  await run([inbox(60), { levels: ['Work'], messages: messages(1) }])
  expect([...(await texts())].sort()).toEqual(
    messages(60)
      .map(({ text }) => text)
      .sort(),
  )
})

it('ends where the store is away, in the middle of a batch or not, and doubles nothing afterwards', async () => {
  for (const when of ['before', 'after'] as const) {
    for (let calls = 0; calls < 4; calls++) {
      const name = `${when}-${calls}`
      const box = { levels: [name], messages: messages(500) }
      const broken = failingStore(account, calls, when)
      const stopped = await run([box], { account: broken })
      expect(stopped.stopped === undefined, name).toBe(calls === 3)
      const again = await run([box])
      expect(again.stopped, name).toBeUndefined()
      expect(await texts(name), name).toEqual(messages(500).map(({ text }) => text))
    }
  }
})

it('loses and doubles nothing wherever the state is cut off, also for messages that are alike', async () => {
  const alike = Array.from({ length: 5 }, () => message(1))
  const box = (name: string): ScriptedMailbox => ({ levels: [name], messages: [...messages(250), ...alike] })
  for (let notes = 0; ; notes++) {
    const name = `cut-${notes}`
    const { stopped } = await run([box(name)], { crashAfterNotes: notes })
    await run([box(name)])
    expect(await texts(name), name).toEqual(box(name).messages.map(({ text }) => text))
    if (stopped === undefined) break
  }
})

it('takes a mailbox that was stored without being noted for what it is, when all is in doubt', async () => {
  await run([inbox(30)])
  await rm(join(folder, 'state.jsonl'))
  const journal = await Journal.open(join(folder, 'state.jsonl'), {})
  const { id } = await account.status('INBOX')
  journal.start('INBOX', { identity: 'another', target: 'INBOX', targetId: id, keepUids: true })
  await journal.close()
  const again = await run([inbox(33)])
  expect(again.mailboxes).toMatchObject([{ imported: 3, already: 30 }])
  expect(await texts()).toHaveLength(33)
})

it('imports again what was deleted with its mailbox', async () => {
  const work = { levels: ['Work'], messages: messages(3) }
  await run([work])
  await account.deleteMailbox('Work')
  expect((await run([work])).mailboxes).toMatchObject([{ imported: 3 }])
  expect(await texts('Work')).toHaveLength(3)
})

it('does not bring back what was expunged here', async () => {
  await run([inbox(3)])
  const mailbox = await account.openMailbox('INBOX')
  await mailbox.expunge(mailbox.entries.map(({ uid }) => uid))
  expect((await run([inbox(3)])).mailboxes).toMatchObject([{ imported: 0, already: 3 }])
})

it('says what it would do, and does nothing', async () => {
  await run([inbox(2)])
  const path = join(folder, 'state.jsonl')
  const boxes = [inbox(5), { levels: ['a/b'], messages: messages(1) }]
  const since = new Date(day.getTime() + 3000)
  const summary = await survey(plan(boxes, { since }), await readJournal(path))
  expect(summary.mailboxes).toMatchObject([
    { mailbox: 'INBOX', target: 'INBOX', imported: 2, already: 2, older: 1 },
    { target: expect.stringMatching(/^a_b-/) as unknown, imported: 0, older: 1 },
  ])
  expect((await account.mailboxes()).map(({ name }) => name)).toEqual(['INBOX'])
  expect(await texts()).toHaveLength(2)
})

it('asks a store for no more than it can do', async () => {
  const supports: StoreAbilities = { ...store.supports, subscriptions: false, keywords: false }
  const flags = ['\\Seen', 'Work']
  await run(
    [{ levels: ['Sent'], messages: [{ ...message(0), flags }], specialUse: '\\Sent', subscribed: true }],
    {
      supports,
    },
  )
  expect((await account.openMailbox('Sent')).entries[0]?.flags).toEqual(['\\Seen'])
  expect((await account.mailboxes())[1]).toEqual({ name: 'Sent', subscribed: false, namespace: 'personal' })
})

/** A store that refuses batches with a message that it does not like. */
function refusingStore(real: AccountStore, dislikes: (message: AppendMessage) => boolean): AccountStore {
  return overlay(real, {
    append: (name: string, batch: readonly AppendMessage[]) =>
      batch.some(dislikes)
        ? Promise.reject(new MailwrightError('MAIL_E_INVALID', 'refused'))
        : real.append(name, batch),
  })
}

/** A store that is away from some append on: before it has done anything, or after it. */
function failingStore(real: AccountStore, calls: number, when: 'before' | 'after'): AccountStore {
  let count = 0
  return overlay(real, {
    append: async (name: string, batch: readonly AppendMessage[]) => {
      const fails = count++ >= calls
      if (fails && when === 'before') throw new UnavailableError('the disk is full')
      const done = await real.append(name, batch)
      if (fails) throw new UnavailableError('the answer got lost')
      return done
    },
  })
}
