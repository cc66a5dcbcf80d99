import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bufferContent, store } from 'mailwright'
import { addressOf, createTestHost, type FakeClock, fakeClock } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { unsyncedFiles } from '../../../test/support/faults/failing-files.ts'
import { createTestMaildir, type TestMaildir } from '../../../test/support/stores/maildir.ts'
import { partContext } from '../../../test/support/stores/maildir-index.ts'
import { createContext } from '../context.ts'
import { nodeFileSystem } from '../files/file-system.ts'
import type { MailboxPlace } from '../files/mailbox-place.ts'
import { IndexFile } from '../index/index-file.ts'
import maildir from '../index.ts'
import { Preparations } from './preparations.ts'

describe('what is to be prepared', () => {
  let clock: FakeClock
  let prepared: string[]
  let prepare: (path: string) => Promise<void>
  let preparations: Preparations

  beforeEach(() => {
    clock = fakeClock()
    prepared = []
    prepare = async () => undefined
    preparations = new Preparations(partContext(nodeFileSystem, clock), async ({ path }) => {
      prepared.push(path)
      await prepare(path)
    })
  })

  const schedule = (...paths: readonly string[]): void => {
    for (const path of paths) preparations.schedule({ path } as MailboxPlace)
  }
  /** Lets time pass, and what falls due come to its end. */
  async function pass(milliseconds: number): Promise<void> {
    for (let rest = milliseconds; rest > 0; rest -= 250) {
      clock.advance(Math.min(rest, 250))
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  it('waits until nothing comes any more, and is done once', async () => {
    for (let count = 0; count < 20; count++) {
      schedule('a')
      await pass(250)
    }
    expect(prepared).toEqual([])
    await pass(500)
    expect(prepared).toEqual(['a'])
    await pass(60_000)
    expect(prepared).toEqual(['a'])
    expect(clock.waiting).toBe(0)
  })

  it('waits no longer than so long where more and more comes', async () => {
    for (let count = 0; count < 100; count++) {
      schedule('a')
      await pass(250)
    }
    expect(prepared.length).toBeGreaterThanOrEqual(2)
  })

  it('goes one after the other, each when it is quiet', async () => {
    let running = 0
    prepare = async () => {
      running += 1
      expect(running).toBe(1)
      await new Promise((resolve) => setImmediate(resolve))
      running -= 1
    }
    schedule('a', 'b')
    await pass(250)
    schedule('b', 'c')
    await pass(250)
    expect(prepared).toEqual(['a'])
    await pass(500)
    expect(prepared).toEqual(['a', 'b', 'c'])
  })

  it('that comes while something is prepared has its turn too', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    prepare = () => promise
    schedule('a')
    await pass(500)
    schedule('a', 'b')
    await pass(1000)
    expect(prepared).toEqual(['a'])
    resolve()
    await pass(1000)
    expect(prepared).toEqual(['a', 'a', 'b'])
  })

  it('goes on after a failure', async () => {
    prepare = async (path) => {
      if (path === 'a') throw new Error('gone')
    }
    schedule('a', 'b')
    await pass(1000)
    expect(prepared).toEqual(['a', 'b'])
    schedule('a')
    await preparations.finish()
    expect(prepared).toEqual(['a', 'b', 'a'])
  })

  it('is done before the end, whatever is under way', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    prepare = (path) => (path === 'a' ? promise : Promise.resolve())
    schedule('a')
    await pass(500)
    schedule('b', 'c')
    let finished = false
    const finishing = preparations.finish().then(() => {
      finished = true
    })
    await pass(250)
    expect([prepared, finished]).toEqual([['a'], false])
    resolve()
    await finishing
    expect(prepared).toEqual(['a', 'b', 'c'])
    await pass(1000)
    expect(clock.waiting).toBe(0)
    schedule('d')
    await preparations.finish()
    await preparations.finish()
    expect(prepared).toEqual(['a', 'b', 'c', 'd'])
  })

  it('is not more than can be remembered', async () => {
    for (let count = 0; count < 10_500; count++) schedule(`m${count}`)
    await preparations.finish()
    expect(prepared).toHaveLength(10_000)
  })
})

describe('delivered messages', () => {
  let box: TestMaildir

  beforeEach(async () => {
    box = await createTestMaildir({ files: unsyncedFiles(nodeFileSystem) })
  })
  afterEach(() => box.remove())

  const index = () => new IndexFile(createContext(box.options), box.path).refresh()

  it('have UIDs, summaries and signatures a moment later, without being opened', async () => {
    for (const text of ['one', 'two', 'three']) await box.deliver(text)
    await vi.waitFor(
      async () => {
        const records = (await index())?.records ?? []
        expect(records.map(({ entry: { uid } }) => uid)).toEqual([1, 2, 3])
        for (const { summary, signature } of records)
          expect([summary, signature].every((reference) => reference !== undefined)).toBe(true)
      },
      { timeout: 10_000, interval: 50 },
    )
    expect(await box.names('new')).toEqual([])
  })

  it('that arrived with flags or by append, or that others put there, have them too', async () => {
    await box.deliver('one', 'INBOX', { flags: ['Junk'] })
    await box.mailboxes.append('INBOX', [{ content: bufferContent(Buffer.from('two')) }])
    await box.put('new/1.a.h', 'three')
    await (await box.mailboxes.openMailbox('INBOX')).close()
    await box.store.close()
    const records = (await index())?.records ?? []
    expect(records.map(({ summary, signature }) => [typeof summary, typeof signature])).toEqual(
      Array.from({ length: 3 }, () => ['object', 'object']),
    )
  })

  it('of a mailbox that went away meanwhile are no trouble', async () => {
    await box.deliver('one', 'Work', { create: true })
    await rm(join(box.path, '.Work'), { recursive: true })
    await box.deliver('two')
    await box.store.close()
    expect((await index())?.records).toHaveLength(1)
  })
})

it('is done when the plugin stops: a command that delivers and ends leaves nothing to do', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'mailwright-maildir-'))
  try {
    const host = await createTestHost({ dataDir, plugins: [maildir({ root: 'mail', path: '{user}' })] })
    const account = { id: '1', address: addressOf('ann@example.org') }
    const mailboxes = await host.service(store).open(account)
    for (const text of ['one', 'two'])
      await (await mailboxes.stage('INBOX', bufferContent(Buffer.from(text)))).commit()
    await host.stop()
    const table = await new IndexFile(partContext(), join(dataDir, 'mail/ann')).refresh()
    expect(table?.records.map(({ entry: { uid }, summary }) => [uid, typeof summary])).toEqual([
      [1, 'object'],
      [2, 'object'],
    ])
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
})
