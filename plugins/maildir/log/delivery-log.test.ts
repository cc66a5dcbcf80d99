import { cp, mkdtemp, readdir, readFile, rename, rm, truncate, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bufferContent } from 'mailwright'
import { type FakeClock, fakeClock, faultyFileSystem } from 'mailwright/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { unsyncedFiles } from '../../../test/support/faults/failing-files.ts'
import { ageLogs, logSegments } from '../../../test/support/stores/delivery-logs.ts'
import { createTestMaildir, fileContents, type TestMaildir } from '../../../test/support/stores/maildir.ts'
import { nodeFileSystem } from '../files/file-system.ts'
import { logDirectory } from './segments.ts'

const made: TestMaildir[] = []
const folders: string[] = []
const fault = faultyFileSystem(unsyncedFiles(nodeFileSystem))

async function maildir(options: Parameters<typeof createTestMaildir>[0] = {}): Promise<TestMaildir> {
  // Nothing is done later unless a test lets time pass.
  const clock = fakeClock(Date.now())
  const box = await createTestMaildir({ deliveryLog: 'atOnce', files: fault.fileSystem, clock, ...options })
  made.push(box)
  return box
}

afterEach(async () => {
  for (const box of made.splice(0)) await box.remove()
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

const letter = (text: string): string => `Subject: ${text}\r\n\r\n${text}\r\n`
const sortedContents = async (box: TestMaildir): Promise<readonly string[]> =>
  (await fileContents(box.path)).toSorted()
/** A file of a message, from the copy's Maildir on. */
type Damage = (path: string) => Promise<void>

/** The disk of another start of the machine, after something has happened to the messages' files. */
async function cutDisk(box: TestMaildir, damage: Damage): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'mailwright-cut-'))
  folders.push(root)
  // Locks come and go where something is prepared for.
  const filter = (path: string): boolean => !path.endsWith('.lock')
  await cp(box.options.root, root, { recursive: true, verbatimSymlinks: true, filter })
  await ageLogs(root)
  const maildirs = await readdir(join(root, 'example.org/ann/Maildir'), { withFileTypes: true })
  for (const mailbox of ['', ...maildirs.filter(({ name }) => /^\../.test(name)).map(({ name }) => name)])
    for (const directory of ['new', 'cur']) {
      const at = join(root, 'example.org/ann/Maildir', mailbox, directory)
      for (const name of await readdir(at)) await damage(join(at, name))
    }
  return root
}

async function afterPowerCut(box: TestMaildir, damage: Damage): Promise<TestMaildir> {
  return maildir({ root: await cutDisk(box, damage) })
}

const damages: readonly (readonly [string, Damage])[] = [
  ['nothing has happened', async () => undefined],
  ['names are gone', unlink],
  ['files are empty', (path) => truncate(path)],
  ['files are cut', (path) => truncate(path, 5)],
  ['files have other octets', async (path) => writeFile(path, Buffer.alloc((await readFile(path)).length))],
]

describe.each(damages)('after a power cut, when %s', (_, damage) => {
  it('what was delivered is there, once, under its UID', async () => {
    const box = await maildir()
    for (const text of ['a', 'b', 'c']) await box.deliver(letter(text))
    const before = await box.mailboxes.openMailbox('INBOX')
    const known = before.entries.map(({ uid, id }) => ({ uid, id }))
    await box.deliver(letter('d'))
    const cut = await afterPowerCut(box, damage)
    const mailbox = await cut.mailboxes.openMailbox('INBOX')
    expect(mailbox.entries.slice(0, 3).map(({ uid, id }) => ({ uid, id }))).toEqual(known)
    expect(await sortedContents(cut)).toEqual(['a', 'b', 'c', 'd'].map(letter))
    expect(mailbox.uidValidity).toBe(before.uidValidity)
    for (const each of [before, mailbox]) await each.close()
    // The log of before is gone; this store has its own.
    expect((await logSegments(cut.options.root)).every((name) => !name.startsWith('0000'))).toBe(true)
  })
})

describe('after a power cut', () => {
  it('what was expunged, moved or refused does not come back', async () => {
    const box = await maildir()
    await box.mailboxes.createMailbox('Archive')
    for (const text of ['gone', 'moved', 'stays']) await box.deliver(letter(text))
    const refused = await box.mailboxes.stage('INBOX', bufferContent(Buffer.from(letter('refused'))))
    await refused.abort()
    const mailbox = await box.mailboxes.openMailbox('INBOX')
    const [gone = 0, moved = 0] = mailbox.entries.map(({ uid }) => uid)
    await mailbox.expunge([gone])
    await mailbox.move([moved], 'Archive')
    await mailbox.close()
    const cut = await afterPowerCut(box, async () => undefined)
    expect(await fileContents(cut.path)).toEqual([letter('stays')])
    expect(await fileContents(join(cut.path, '.Archive'))).toEqual([letter('moved')])
  })

  it('what was deleted with its mailbox does not come back', async () => {
    const box = await maildir()
    await box.mailboxes.createMailbox('Old')
    await box.deliver(letter('a'), 'Old')
    await box.mailboxes.deleteMailbox('Old')
    const cut = await afterPowerCut(box, async () => undefined)
    expect(await cut.mailboxNames()).toEqual(['INBOX'])
    expect(await cut.files()).toEqual([])
  })

  it('what came into a mailbox that another program has renamed is in the INBOX', async () => {
    const box = await maildir()
    await box.mailboxes.createMailbox('Old')
    await box.deliver(letter('a'), 'Old')
    await rename(join(box.path, '.Old'), join(box.path, '.New'))
    const cut = await afterPowerCut(box, unlink)
    expect(await fileContents(cut.path)).toEqual([letter('a')])
    expect(cut.logged).toContainEqual({
      event: 'store-repaired',
      facts: { reason: 'a power cut', messages: 1, restored: 1, lost: 0 },
    })
  })

  it('what was for an account that is gone is not made anew', async () => {
    const box = await maildir()
    await box.deliver(letter('a'))
    const root = await cutDisk(box, unlink)
    await rm(join(root, 'example.org'), { recursive: true })
    const cut = await maildir({ root })
    expect(await cut.files()).toEqual([])
    const facts = { reason: 'a power cut', messages: 1, restored: 0, lost: 1 }
    expect(cut.logged).toContainEqual({ event: 'store-repaired', facts })
  })

  it('is tried again where the disk fails at any call, and nothing is lost', async () => {
    const box = await maildir()
    for (const text of ['a', 'b']) await box.deliver(letter(text))
    for (let skip = 0, struck = true; struck; skip++) {
      const root = await cutDisk(box, unlink)
      const end = fault.fail({ skip })
      await maildir({ root, deliveryLog: true }).catch(() => undefined)
      struck = end()
      const again = await maildir({ root, deliveryLog: true })
      expect(await sortedContents(again), `call ${skip}`).toEqual(['a', 'b'].map(letter))
      expect(await logSegments(root), `call ${skip}`).toEqual([])
    }
  }, 120_000)
})

describe('the log', () => {
  let seen = 0
  const calls = (): typeof fault.calls => fault.calls.slice(seen)
  /** Lets time pass until that is so. */
  const pass = (clock: FakeClock, isSo: () => boolean | Promise<boolean>): Promise<void> =>
    expect
      .poll(
        () => {
          clock.advance(1000)
          return isSo()
        },
        { timeout: 30_000, interval: 5 },
      )
      .toBe(true)
  const isGone = (box: TestMaildir) => async (): Promise<boolean> =>
    (await logSegments(box.options.root)).length === 0
  const hasSaid = (box: TestMaildir, problem: string) => (): boolean =>
    box.logged.some(({ event, facts }) => event === 'unavailable' && facts.problem === problem)

  it('makes a delivery durable by one write, and the files of all of them later', async () => {
    const clock = fakeClock()
    const box = await maildir({ clock })
    seen = fault.calls.length
    await box.deliver(letter('a'))
    const named = (name: string): readonly string[] =>
      calls()
        .filter((call) => call.name === name)
        .map(({ path }) => path)
    expect(named('file.write').filter((path) => path.includes(logDirectory))).toHaveLength(1)
    expect([named('file.sync'), named('file.datasync')]).toEqual([[], []])
    await box.deliver(letter('b'))
    // Nothing comes for a while: it takes no room any more.
    await pass(clock, isGone(box))
    expect(named('file.datasync').filter((path) => /\/(new|cur)\//.test(path))).toHaveLength(2)
    expect(named('file.sync')).toEqual(expect.arrayContaining([join(box.path, 'new'), join(box.path, 'cur')]))
  })

  it('settles what is copied, and mailboxes that are renamed, before that happens', async () => {
    const box = await maildir()
    await box.deliver(letter('a'))
    await box.mailboxes.createMailbox('Old')
    await box.deliver(letter('b'), 'Old')
    await box.mailboxes.createMailbox('Archive')
    const mailbox = await box.mailboxes.openMailbox('INBOX')
    seen = fault.calls.length
    const placeOf = (name: string, path: RegExp): number =>
      calls().findIndex((call) => call.name === name && path.test(call.path))
    await mailbox.copy([1], 'Archive')
    const synced = placeOf('file.datasync', /Maildir\/(new|cur)\//)
    expect(synced).toBeGreaterThan(-1)
    expect(synced).toBeLessThan(placeOf('link', /Archive\/tmp/))
    await mailbox.close()
    await box.mailboxes.renameMailbox('Old', 'New')
    const settled = placeOf('file.datasync', /\.Old\/(new|cur)\//)
    expect(settled).toBeGreaterThan(-1)
    expect(settled).toBeLessThan(placeOf('rename', /\.New$/))
    const cut = await afterPowerCut(box, async () => undefined)
    expect(
      [await cut.files('.'), await cut.files('.New'), await cut.files('.Archive')].map(
        ({ length }) => length,
      ),
    ).toEqual([1, 1, 1])
  })

  it('of another process has to have what is copied on the disk, and only where there is one', async () => {
    const box = await maildir()
    await box.mailboxes.createMailbox('Archive')
    const synced = (): number =>
      calls().filter(({ name, path }) => name === 'file.datasync' && /Maildir\/(new|cur)\//.test(path)).length
    const copied = async (): Promise<number> => {
      const mailbox = await box.mailboxes.openMailbox('INBOX')
      seen = fault.calls.length
      await mailbox.copy([1], 'Archive')
      await mailbox.close()
      return synced()
    }
    const other = await maildir({ root: box.options.root })
    await other.deliver(letter('a'))
    expect([await copied(), await copied()]).toEqual([1, 1])
    await other.store.close()
    // Its own.
    expect(await logSegments(box.options.root)).toHaveLength(1)
    expect(await copied()).toBe(0)
  })

  it('is left by a store that is closed, with everything durable', async () => {
    const box = await maildir()
    await box.deliver(letter('a'))
    expect(await logSegments(box.options.root)).toHaveLength(1)
    seen = fault.calls.length
    await box.store.close()
    expect(calls().filter(({ name }) => name === 'file.datasync').length).toBeGreaterThan(0)
    expect(await logSegments(box.options.root)).toEqual([])
  })

  it('has no part in what is large, or has flags or a date', async () => {
    const box = await maildir()
    const writes = (): number =>
      calls().filter(({ name, path }) => name === 'file.write' && path.includes(logDirectory)).length
    seen = fault.calls.length
    await box.deliver(letter('x'.repeat(40_000)))
    await box.deliver(letter('a'), 'INBOX', { flags: ['\\Seen'] })
    await box.deliver(letter('a'), 'INBOX', { internalDate: new Date() })
    expect(writes()).toBe(0)
    await box.deliver(letter('a'))
    expect(writes()).toBe(1)
    expect(await box.files()).toHaveLength(4)
  })

  it('is begun by whoever delivers again soon', async () => {
    const clock = fakeClock()
    const box = await maildir({ clock, deliveryLog: true })
    await box.deliver(letter('a'))
    clock.advance(5000)
    await box.deliver(letter('b'))
    expect(await logSegments(box.options.root)).toEqual([])
    await box.deliver(letter('c'))
    await expect.poll(() => logSegments(box.options.root), { timeout: 30_000 }).toHaveLength(1)
    expect(await box.files()).toHaveLength(3)
  })

  it.each(['EIO', 'ENOSPC'])('does without where it cannot be written: %s', async (error) => {
    const box = await maildir()
    const end = fault.fail({ path: new RegExp(logDirectory), call: 'file.write', error, times: 100 })
    seen = fault.calls.length
    for (const text of ['a', 'b', 'c']) await box.deliver(letter(text))
    end()
    expect(await sortedContents(box)).toEqual(['a', 'b', 'c'].map(letter))
    // Each is durable by itself, and so is its name.
    expect(calls().filter(({ name }) => name === 'file.datasync')).toHaveLength(3)
    expect(calls().filter(({ name }) => name === 'file.sync')).toHaveLength(3)
  })

  it('settles other mailboxes where one cannot be, and says so', async () => {
    const clock = fakeClock()
    const box = await maildir({ clock })
    await box.mailboxes.createMailbox('Old')
    await box.deliver(letter('a'), 'Old')
    await box.deliver(letter('b'))
    const end = fault.fail({ call: 'file.datasync', path: /\.Old\/(new|cur)\//, times: 1000 })
    seen = fault.calls.length
    await pass(clock, hasSaid(box, 'deliveries stay in the log'))
    end()
    expect(
      calls().some(({ name, path }) => name === 'file.datasync' && /Maildir\/(new|cur)\//.test(path)),
    ).toBe(true)
    const cut = await afterPowerCut(box, unlink)
    // What was settled is not put back: here it was taken away after that.
    expect([await cut.files(), await cut.files('.Old')].map(({ length }) => length)).toEqual([0, 1])
  })

  it('writes messages anew whose sync has failed, and not what was removed since', async () => {
    const clock = fakeClock()
    const box = await maildir({ clock })
    for (const text of ['a', 'b']) await box.deliver(letter(text))
    // From then on they stay where they are.
    await box.mailboxes.status('INBOX')
    const end = fault.fail({ call: 'file.datasync', path: /\/(new|cur)\//, times: 1000 })
    await pass(clock, hasSaid(box, 'deliveries stay in the log'))
    end()
    const [first = ''] = await box.files()
    await unlink(join(box.path, 'cur', first))
    seen = fault.calls.length
    await pass(clock, isGone(box))
    const written = calls().filter(({ name, path }) => name === 'rename' && /\/cur\/[^/]+$/.test(path))
    expect(written).toHaveLength(1)
    expect(await fileContents(box.path)).toHaveLength(1)
    expect(await logSegments(box.options.root)).toEqual([])
  })

  it('looks seldom for a message that another program has taken away', async () => {
    const clock = fakeClock()
    const box = await maildir({ clock })
    for (const text of ['a', 'b']) await box.deliver(letter(text))
    await box.mailboxes.status('INBOX')
    const [first = ''] = await box.files()
    await unlink(join(box.path, 'cur', first))
    seen = fault.calls.length
    await pass(clock, isGone(box))
    // For two minutes, a look a second; each reads the mailbox, and more than once what it does not see.
    const readings = calls().filter(({ name, path }) => name === 'readdir' && path.endsWith('/cur'))
    expect(readings.length).toBeLessThan(30)
    expect(await fileContents(box.path)).toHaveLength(1)
  })
})
