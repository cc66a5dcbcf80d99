import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Mailbox, type MessageSummary, readAll } from 'mailwright'
import { fakeClock, faultyFileSystem } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { unsyncedFiles } from '../../../test/support/faults/failing-files.ts'
import {
  createTestMaildir,
  type TestMaildir,
  type TestMaildirOptions,
} from '../../../test/support/stores/maildir.ts'
import { createContext } from '../context.ts'
import { type FileSystem, nodeFileSystem } from '../files/file-system.ts'
import { MailboxState } from '../mailbox/mailbox-state.ts'
import { SideFile } from './side-file.ts'
import { type SideKind, SideValues } from './side-values.ts'
import { summaryKind } from './summaries.ts'

// Time stands still: nothing is done in the background.
const clock = fakeClock(Date.now())
const made: TestMaildir[] = []
let box: TestMaildir

async function maildir(options: TestMaildirOptions = {}): Promise<TestMaildir> {
  const result = await createTestMaildir({ clock, ...options })
  made.push(result)
  return result
}

beforeEach(async () => {
  box = await maildir()
})
afterEach(async () => {
  for (const each of made.splice(0)) await each.remove()
})

const message = (subject: string, body = `body of ${subject}`): string =>
  `From: ann@example.org\r\nSubject: ${subject}\r\n\r\n${body}\r\n`

async function deliver(subjects: readonly string[], mailbox = 'INBOX'): Promise<void> {
  for (const subject of subjects) await box.deliver(message(subject), mailbox, { create: true })
}
/** What a process does before it ends, or after a while. */
const prepared = (): Promise<void> => box.store.close()

async function summaries(mailbox: Mailbox): Promise<readonly MessageSummary[]> {
  const found: MessageSummary[] = []
  for await (const summary of mailbox.summaries(mailbox.entries.map(({ uid }) => uid))) found.push(summary)
  return found
}
async function subjects(mailbox: Mailbox): Promise<readonly string[]> {
  return (await summaries(mailbox)).map(({ uid, header }) => `${uid} ${header.first('subject')?.text}`)
}

/** Another process on the same files, and which message files it opens. */
async function watching(options: TestMaildirOptions = {}) {
  const faulty = faultyFileSystem<FileSystem>(unsyncedFiles(nodeFileSystem))
  const other = await maildir({ ...options, root: box.options.root, files: faulty.fileSystem })
  const read = (): readonly string[] =>
    faulty.calls
      .filter(({ name, path }) => name === 'open' && /\/(?:cur|new)\/[^/]/.test(path))
      .map(({ path }) => path)
  return { other, read, calls: faulty.calls, fail: faulty.fail }
}

describe('a list of messages', () => {
  it('that we delivered, flagged, moved and copied reads none of them, in any process', async () => {
    await deliver(['one', 'two', 'three'])
    await box.deliver(message('four'), 'INBOX', { flags: ['\\Seen', 'Junk'] })
    await prepared()
    await deliver(['old'], 'Archive')
    await prepared()
    const { other, read } = await watching()
    const inbox = await other.mailboxes.openMailbox('INBOX')
    expect(await subjects(inbox)).toEqual(['1 one', '2 two', '3 three', '4 four'])
    await inbox.changeFlags([1, 2], { add: ['\\Flagged', 'Junk'] })
    await inbox.move([2, 3], 'Archive')
    await inbox.copy([1, 4], 'Archive')
    await inbox.copy([4], 'INBOX')
    await inbox.refresh()
    expect(await subjects(inbox)).toEqual(['1 one', '4 four', '5 four'])
    const archive = await other.mailboxes.openMailbox('Archive')
    expect(await subjects(archive)).toEqual(['1 old', '2 two', '3 three', '4 one', '5 four'])
    expect(read()).toEqual([])
  })

  it('of another program reads each once, and keeps what it found', async () => {
    for (const name of ['1', '2', '3']) await box.put(`new/170000000${name}.R.h`, message(name))
    const { other, read } = await watching()
    const inbox = await other.mailboxes.openMailbox('INBOX')
    expect(await subjects(inbox)).toEqual(['1 1', '2 2', '3 3'])
    // Once for the size, which is not in the name, once for the summary.
    expect(read()).toHaveLength(6)
    const later = await watching()
    expect(await subjects(await later.other.mailboxes.openMailbox('INBOX'))).toEqual(['1 1', '2 2', '3 3'])
    expect(later.read()).toEqual([])
  })

  it.each([
    ['lost', (path: string) => rm(path)],
    ['emptied', (path: string) => writeFile(path, '')],
    ['overwritten', (path: string) => writeFile(path, Buffer.alloc(100_000, 0xaa))],
    ['that of another mailbox', (path: string) => rename(path.replace('Maildir/', 'Maildir/.Other/'), path)],
  ])('is right, and kept again, when the file beside the index is %s', async (_, damage) => {
    await deliver(['x', 'y', 'z'], 'Other')
    await deliver(['one', 'two', 'three'])
    await prepared()
    await damage(join(box.path, summaryKind.fileName))
    const { other, read } = await watching()
    const right = ['1 one', '2 two', '3 three']
    expect(await subjects(await other.mailboxes.openMailbox('INBOX'))).toEqual(right)
    expect(read()).toHaveLength(3)
    const later = await watching()
    expect(await subjects(await later.other.mailboxes.openMailbox('INBOX'))).toEqual(right)
    expect(later.read()).toEqual([])
  })

  it('is right when the file beside the index is damaged anywhere', async () => {
    await deliver(['one', 'two'])
    await prepared()
    const path = join(box.path, summaryKind.fileName)
    const octets = await readFile(path)
    for (let at = 0; at < octets.length; at += 5) {
      const damaged = Buffer.from(octets)
      damaged[at] = (damaged[at] ?? 0) ^ 0x40
      await writeFile(path, damaged)
      expect(await subjects(await box.mailboxes.openMailbox('INBOX')), `octet ${at}`).toEqual([
        '1 one',
        '2 two',
      ])
    }
  })

  it.each(['ENOSPC', 'EIO', 'EROFS', 'EDQUOT'])('is right where nothing can be kept: %s', async (error) => {
    for (const name of ['1', '2']) await box.put(`cur/170000000${name}.R.h:2,`, message(name))
    await (await box.mailboxes.openMailbox('INBOX')).close()
    const { other, fail } = await watching()
    const inbox = await other.mailboxes.openMailbox('INBOX')
    fail({ call: ['symlink', 'file.write'], error, times: Number.POSITIVE_INFINITY })
    expect(await subjects(inbox)).toEqual(['1 1', '2 2'])
    expect(other.logged.some(({ event }) => event === 'unavailable')).toBe(true)
  })

  it.each(['EIO', 'EACCES', 'EMFILE'])('is right where what is kept cannot be read: %s', async (error) => {
    await deliver(['one', 'two'])
    await prepared()
    const { other, fail } = await watching()
    const inbox = await other.mailboxes.openMailbox('INBOX')
    const path = summaryKind.fileName
    fail({ call: ['open', 'file.read'], path, error, times: Number.POSITIVE_INFINITY })
    expect(await subjects(inbox)).toEqual(['1 one', '2 two'])
  })

  it('leaves out what is gone, and goes on', async () => {
    for (const name of ['1', '2', '3']) await box.put(`cur/170000000${name}.R.h:2,`, message(name))
    const inbox = await box.mailboxes.openMailbox('INBOX')
    await rm(join(box.path, 'cur/1700000002.R.h:2,'))
    expect(await subjects(inbox)).toEqual(['1 1', '3 3'])
    expect(await subjects(inbox)).toEqual(['1 1', '3 3'])
  })
})

describe('a search', () => {
  it('reads only messages that may hold what is looked for', async () => {
    const words = ['apple', 'banana', 'cherry', 'dates', 'elder']
    for (const word of words) await box.deliver(message(word, `there is ${word} ${'in it '.repeat(30)}`))
    await prepared()
    const { other, read } = await watching()
    const inbox = await other.mailboxes.openMailbox('INBOX')
    expect(await inbox.search({ kind: 'body', text: 'there is CHERRY' })).toEqual([3])
    expect(read()).toHaveLength(1)
    expect(await inbox.search({ kind: 'text', text: 'nowhere to be found' })).toEqual([])
    expect(await inbox.search({ kind: 'header', field: 'subject', text: 'date' })).toEqual([4])
    expect(read()).toHaveLength(1)
    const plain = await watching({ fullText: false })
    const mailbox = await plain.other.mailboxes.openMailbox('INBOX')
    expect(await mailbox.search({ kind: 'body', text: 'there is cherry' })).toEqual([3])
    expect(plain.read()).toHaveLength(5)
  })

  it('answers the same with what it keeps of texts, without, and with what is damaged', async () => {
    const texts = ['Grüße aus Köln', 'nothing', 'a\tb', 'ab', 'x'.repeat(2000), 'Köln', 'koeln']
    for (const [at, text] of texts.entries()) await box.deliver(message(`m${at}`, text))
    await prepared()
    const plain = (await watching({ fullText: false })).other
    const scan = await plain.mailboxes.openMailbox('INBOX')
    const path = join(box.path, 'mailwright-signatures')
    const octets = await readFile(path)
    for (const damage of [
      octets,
      octets.subarray(0, octets.length / 2),
      Buffer.alloc(0),
      octets.toReversed(),
    ]) {
      await writeFile(path, damage)
      const indexed = await (await watching()).other.mailboxes.openMailbox('INBOX')
      for (const text of ['köln', 'KÖLN', 'ab', 'b', 'xxxx', '', 'a\tb', 'nothing', 'm3', 'zzz'])
        for (const kind of ['body', 'text'] as const)
          expect(await indexed.search({ kind, text }), `${kind} ${text}`).toEqual(
            await scan.search({ kind, text }),
          )
    }
  })
})

describe('the file beside the index', () => {
  /** Values of 300 KB, so that a few of them count. */
  const large: SideKind<Buffer> = {
    name: 'signature',
    fileName: 'side',
    compute: async (content) => Buffer.concat([await readAll(content), Buffer.alloc(300_000, 7)]),
    decode: (_uid, octets) => (octets.length > 300_000 ? octets : undefined),
  }
  async function valuesOf(values: SideValues<Buffer>, uids: readonly number[]): Promise<readonly string[]> {
    const found: string[] = []
    for await (const group of values.read(uids))
      for (const [uid, octets] of group) found.push(`${uid} ${octets.subarray(0, 3)}`)
    return found
  }
  async function open() {
    const place = { account: box.account, name: 'INBOX', path: box.path, root: box.path }
    const state = new MailboxState(createContext({ ...box.options, fullText: false }), place, () => undefined)
    await state.sync()
    return { state, values: new SideValues(state, large) }
  }
  const size = async (): Promise<number> => (await stat(join(box.path, 'side'))).size

  it('is made for later only when nobody reads any more', async () => {
    for (const subject of ['one', 'two', 'three']) await box.deliver(subject)
    const { state, values } = await open()
    const reading = values.read(state.table.records.map(({ entry: { uid } }) => uid))
    expect((await reading.next()).done).toBe(false)
    await box.deliver('four')
    await state.sync()
    const fourth = state.table.records.at(-1)
    const made = values.complete()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(fourth?.signature).toBeUndefined()
    await reading.return(undefined)
    await made
    expect(state.table.records.at(-1)?.signature).toBeDefined()
  })

  it('is read in groups that fit into memory', async () => {
    for (let count = 0; count < 32; count++) await box.deliver(`n${count}`)
    const { state, values } = await open()
    const all = state.table.records.map(({ entry: { uid } }) => uid)
    const made = await valuesOf(values, all)
    const read = vi.spyOn(SideFile.prototype, 'read')
    onTestFinished(() => read.mockRestore())
    expect(await valuesOf((await open()).values, all)).toEqual(made)
    const groups = read.mock.calls.map(([, places]) => places.reduce((sum, { length }) => sum + length, 0))
    expect(Math.max(...groups)).toBeGreaterThan(0)
    expect(Math.max(...groups)).toBeLessThan(9 * 1024 * 1024)
    expect(groups.reduce((sum, octets) => sum + octets, 0)).toBeGreaterThan(9 * 1024 * 1024)
  })

  it('has what was made so far, where nobody wants the rest', async () => {
    for (let count = 0; count < 5; count++) await box.deliver(`n${count}`)
    const { state, values } = await open()
    const reading = values.read([1, 2, 3, 4, 5])
    for (const uid of [1, 2]) expect((await reading.next()).value?.[0]?.[0]).toBe(uid)
    await reading.return(undefined)
    const known = state.table.records.filter(({ signature }) => signature !== undefined)
    expect(known.map(({ entry: { uid } }) => uid).slice(0, 2)).toEqual([1, 2])
  })

  it('has what was made as soon as that is much', async () => {
    for (let count = 0; count < 64; count++) await box.deliver(`n${count}`)
    const { state, values } = await open()
    const append = vi.spyOn(SideFile.prototype, 'append')
    onTestFinished(() => append.mockRestore())
    expect(
      await valuesOf(
        values,
        state.table.records.map(({ entry: { uid } }) => uid),
      ),
    ).toHaveLength(64)
    const kept = append.mock.calls.map(([, items]) =>
      items.reduce((sum, { content }) => sum + content.length, 0),
    )
    expect(kept.length).toBeGreaterThan(1)
    expect(Math.max(...kept)).toBeLessThan(9 * 1024 * 1024)
  })

  it('is made smaller when much of it belongs to messages that are gone', async () => {
    for (let count = 0; count < 30; count++) await box.deliver(`n${String(count).padStart(2, '0')}`)
    const { state, values } = await open()
    const all = state.table.records.map(({ entry: { uid } }) => uid)
    const first = await valuesOf(values, all)
    expect(first).toHaveLength(30)
    const before = await size()
    const inbox = await box.mailboxes.openMailbox('INBOX')
    await inbox.expunge(all.slice(0, 26))
    await box.deliver('new')
    await state.sync()
    const expected = [...first.slice(26), '31 new']
    expect(await valuesOf(values, [...all.slice(26), 31])).toEqual(expected)
    expect(await size()).toBeLessThan(before / 4)
    expect(await size()).toBeGreaterThan(5 * 300_000)
    for (const each of [values, (await open()).values]) {
      const read = size()
      expect(await valuesOf(each, [...all, 31])).toEqual(expected)
      expect(await size(), 'nothing was made anew').toBe(await read)
    }
  })

  it('stays as it is where it cannot be made smaller', async () => {
    for (let count = 0; count < 20; count++) await box.deliver(`n${String(count).padStart(2, '0')}`)
    const { state, values } = await open()
    const all = state.table.records.map(({ entry: { uid } }) => uid)
    const first = await valuesOf(values, all)
    await (await box.mailboxes.openMailbox('INBOX')).expunge(all.slice(0, 18))
    await box.deliver('new')
    await state.sync()
    const { rename: renamed } = state.context.files
    const files = state.context.files as { rename: FileSystem['rename'] }
    files.rename = async (from, to) => {
      if (to.endsWith('/side')) throw Object.assign(new Error('EIO'), { code: 'EIO', syscall: 'rename' })
      return renamed(from, to)
    }
    expect(await valuesOf(values, [19, 20, 21])).toEqual([...first.slice(18), '21 new'])
    expect(await size()).toBeGreaterThan(20 * 300_000)
    files.rename = renamed
    expect(await box.names('tmp')).toEqual([])
  })
})
