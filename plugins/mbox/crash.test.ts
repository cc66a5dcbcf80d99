import { appendFile, cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AccountStore, bufferContent, type Mailbox, readAll } from 'mailwright'
import { afterEach, beforeEach, expect, it } from 'vitest'
import {
  createTestMbox,
  dyingMboxFiles,
  type TestMbox,
  unsyncedMboxFiles,
} from '../../test/support/stores/mbox.ts'
import { nodeFileSystem } from './file-system.ts'

let root = ''

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mailwright-mbox-crash-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

/** A message that shows where it was cut. */
function message(label: string): string {
  const lines = Array.from({ length: 40 }, (_, line) => `line ${line} of the message ${label}`)
  return `Subject: ${label}\r\n\r\n${lines.join('\r\n')}\r\nend of ${label}\r\n`
}

const foreign = (label: string): string =>
  `From a@example.org Sat Nov 28 21:53:22 2026\n${message(label).replaceAll('\r\n', '\n')}\n`

async function deliver(mailboxes: AccountStore, label: string, mailbox = 'INBOX'): Promise<void> {
  await (await mailboxes.stage(mailbox, bufferContent(Buffer.from(message(label))))).commit()
}

/** Labels by UID; fails for a message that is not whole. */
async function labelsOf(mailbox: Mailbox): Promise<ReadonlyMap<number, string>> {
  const found = new Map<number, string>()
  for (const { uid } of mailbox.entries) {
    const text = (await readAll(await mailbox.content(uid))).toString()
    const label = /^Subject: (\S+)\r\n/.exec(text)?.[1] ?? ''
    expect(text, `message ${label} is whole`).toBe(message(label))
    found.set(uid, label)
  }
  return found
}

const all = ['a-1', 'a-2', 'a-3', 'a-4', 'a-5']

/** Five messages in INBOX, the first and third put there by another program, and one in Archive. */
async function prepare(): Promise<TestMbox> {
  const box = await createTestMbox({ root: join(root, 'prepared') })
  await box.mailboxes.createMailbox('Archive')
  await box.write(foreign('a-1'))
  await deliver(box.mailboxes, 'a-2')
  await appendFile(join(box.path, 'inbox'), foreign('a-3'))
  for (const label of ['a-4', 'a-5']) await deliver(box.mailboxes, label)
  await deliver(box.mailboxes, 'old-1', 'Archive')
  return box
}

/** What another program does to the file between the death and our next look. */
type Meanwhile = (inbox: string) => Promise<void>

const nothing: Meanwhile = async () => undefined
const appends: Meanwhile = (inbox) => appendFile(inbox, foreign('later'))

type Task = (mailboxes: AccountStore, say: (line: string) => void) => Promise<void>

interface Ended {
  readonly said: readonly string[]
  readonly box: TestMbox
  readonly mailbox: Mailbox
  /** Labels in the order of the UIDs, without what came meanwhile. */
  readonly labels: readonly string[]
  readonly archived: readonly string[]
}

/**
 * Lets a task die at its first call to the file system, at its second, and so on, each time on a fresh copy, until one
 * gets to its end; looks at what is there then.
 */
async function atEveryCall(
  task: Task,
  check: (ended: Ended) => Promise<void>,
  meanwhile = nothing,
): Promise<number> {
  for (let dieAt = 0; ; dieAt++) {
    const at = join(root, `at-${dieAt}`)
    await cp(join(root, 'prepared'), at, { recursive: true, preserveTimestamps: true })
    const { files, death, bury } = dyingMboxFiles(unsyncedMboxFiles(nodeFileSystem), dieAt)
    const said: string[] = []
    const done = createTestMbox({ root: at, files }).then(({ mailboxes }) =>
      task(mailboxes, (line) => void said.push(line)),
    )
    const killed = await Promise.race([done.then(() => false), death.then(() => true)])
    await bury()
    const inbox = join(at, 'example.org/ann/inbox')
    await meanwhile(inbox)
    const box = await createTestMbox({ root: at })
    const mailbox = await box.mailboxes.openMailbox('INBOX')
    const labels = [...(await labelsOf(mailbox)).values()]
    const came = meanwhile === nothing ? [] : ['later']
    expect(labels.filter((label) => label === 'later')).toEqual(came)
    const archived = [...(await labelsOf(await box.mailboxes.openMailbox('Archive'))).values()]
    const own = labels.filter((label) => label !== 'later')
    await check({ said: [...said], box, mailbox, labels: own, archived })
    expect(await box.store.examine(box.account, { repair: false }), `after call ${dieAt}`).toEqual([])
    expect(await box.names('.'), 'no lock is left').not.toContain('inbox.lock')
    await rm(at, { recursive: true })
    if (!killed) return dieAt
  }
}

const tasks = {
  async deliver(mailboxes: AccountStore, say: (line: string) => void) {
    for (const label of ['x-1', 'x-2']) {
      await deliver(mailboxes, label)
      say(label)
    }
  },
  async append(mailboxes: AccountStore, say: (line: string) => void) {
    const contents = ['x-1', 'x-2'].map((label) => ({ content: bufferContent(Buffer.from(message(label))) }))
    for (const uid of (await mailboxes.append('INBOX', contents)).uids) say(String(uid))
  },
  async open(mailboxes: AccountStore, say: (line: string) => void) {
    const { uidValidity, entries } = await mailboxes.openMailbox('INBOX')
    for (const { uid, id } of entries) say(`${uidValidity} ${uid} ${id}`)
  },
  async flag(mailboxes: AccountStore, say: (line: string) => void) {
    const mailbox = await mailboxes.openMailbox('INBOX')
    await mailbox.changeFlags(
      mailbox.entries.map(({ uid }) => uid),
      { add: ['\\Seen', 'a-keyword'] },
    )
    say('done')
  },
  async expunge(mailboxes: AccountStore, say: (line: string) => void) {
    const mailbox = await mailboxes.openMailbox('INBOX')
    await mailbox.expunge([1, 3])
    say('done')
  },
  async move(mailboxes: AccountStore, say: (line: string) => void) {
    const mailbox = await mailboxes.openMailbox('INBOX')
    await mailbox.move([1, 2], 'Archive')
    say('done')
  },
}

for (const [name, meanwhile] of [
  ['', nothing],
  [', with a message that comes meanwhile', appends],
] as const) {
  it(`has every acknowledged delivery whole after a death at any call${name}`, async () => {
    await prepare()
    await atEveryCall(
      tasks.deliver,
      async ({ said, labels }) => {
        expect(labels.slice(0, 5 + said.length)).toEqual([...all, ...said])
        expect(labels.length).toBeLessThanOrEqual(6 + said.length)
      },
      meanwhile,
    )
  })

  it(`has expunged all or none after a death at any call${name}`, async () => {
    await prepare()
    await atEveryCall(
      tasks.expunge,
      async ({ said, labels }) => {
        expect([all, ['a-2', 'a-4', 'a-5']]).toContainEqual(labels)
        if (said.length > 0) expect(labels).toHaveLength(3)
      },
      meanwhile,
    )
  })

  it(`has every message and its UID after a death at any change of flags${name}`, async () => {
    const { mailboxes } = await prepare()
    const uids = [...(await labelsOf(await mailboxes.openMailbox('INBOX'))).keys()]
    await atEveryCall(
      tasks.flag,
      async ({ said, labels, mailbox }) => {
        expect(labels).toEqual(all)
        expect(mailbox.entries.map(({ uid }) => uid).slice(0, 5)).toEqual(uids)
        const flags = mailbox.entries.slice(0, 5).map((entry) => entry.flags.join(' '))
        if (said.length > 0) expect(new Set(flags)).toEqual(new Set(['\\Seen a-keyword']))
      },
      meanwhile,
    )
  })
}

it('has appended all or none after a death at any call', async () => {
  await prepare()
  await atEveryCall(tasks.append, async ({ said, labels, mailbox }) => {
    expect([all, [...all, 'x-1', 'x-2']]).toContainEqual(labels)
    if (said.length > 0) expect(mailbox.entries.slice(5).map(({ uid }) => String(uid))).toEqual(said)
  })
})

it('has every UID that was shown, on the same message, after a death at any call', async () => {
  await prepare()
  await atEveryCall(tasks.open, async ({ said, labels, mailbox }) => {
    expect(labels).toEqual(all)
    const lines = mailbox.entries.map(({ uid, id }) => `${mailbox.uidValidity} ${uid} ${id}`)
    if (said.length > 0) expect(lines).toEqual(said)
  })
})

it('has moved all or copied all or none, and lost none, after a death at any call', async () => {
  await prepare()
  await atEveryCall(tasks.move, async ({ said, labels, archived }) => {
    expect([all, all.slice(2)]).toContainEqual(labels)
    expect([['old-1'], ['old-1', 'a-1', 'a-2']]).toContainEqual(archived)
    if (labels.length < all.length) expect(archived).toHaveLength(3)
    if (said.length > 0) expect(labels).toEqual(all.slice(2))
  })
})

it('keeps the messages of a rewrite apart that somebody has cut short by a rewrite of their own', async () => {
  await prepare()
  let rescued = 0
  await atEveryCall(
    tasks.expunge,
    async ({ box, labels }) => {
      expect(labels).toEqual([])
      const set = (await readdir(join(box.path, 'mail/.mailwright'))).find((name) => name.includes('rescued'))
      if (set === undefined) return
      rescued += 1
      const text = await readFile(join(box.path, 'mail/.mailwright', set), 'latin1')
      for (const label of ['a-2', 'a-4', 'a-5'])
        expect(text).toContain(message(label).replaceAll('\r\n', '\n'))
      expect(await box.store.examine(box.account, { repair: true })).toHaveLength(1)
      await rm(join(box.path, 'mail/.mailwright', set))
    },
    async (inbox) => writeFile(inbox, foreign('later')),
  )
  expect(rescued).toBeGreaterThan(5)
})
