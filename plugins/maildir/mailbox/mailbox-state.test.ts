import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Mailbox, readAll } from 'mailwright'
import { capturedLog, fakeClock, faultyFileSystem } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { interferedFiles, systemError, unsyncedFiles } from '../../../test/support/faults/failing-files.ts'
import {
  createTestMaildir,
  type TestMaildir,
  type TestMaildirOptions,
} from '../../../test/support/stores/maildir.ts'
import { createContext } from '../context.ts'
import { nodeFileSystem } from '../files/file-system.ts'
import { IndexFile, indexFileName } from '../index/index-file.ts'
import { encodeFrame } from '../index/index-frame.ts'

const made: TestMaildir[] = []
let box: TestMaildir

async function maildir(options: TestMaildirOptions = {}): Promise<TestMaildir> {
  const result = await createTestMaildir(options)
  made.push(result)
  return result
}

beforeEach(async () => {
  box = await maildir()
})
afterEach(async () => {
  for (const each of made.splice(0)) await each.remove()
})

const inbox = (of: TestMaildir = box): Promise<Mailbox> => of.mailboxes.openMailbox('INBOX')
const at = (name: string): string => join(box.path, name)
/** Puts another index in the place of the one that is there. */
async function replace(octets: string | Buffer): Promise<void> {
  await writeFile(at('tmp/other'), octets)
  await rename(at('tmp/other'), at(indexFileName))
}
const change = async (make: (octets: Buffer) => Buffer): Promise<void> =>
  replace(make(await readFile(at(indexFileName))))
const repairs = (of: TestMaildir = box): number =>
  of.logged.filter(({ event }) => event === 'store-repaired').length

/** UIDs with the subjects of their messages. */
async function shown(mailbox: Mailbox): Promise<readonly string[]> {
  const lines: string[] = []
  for (const { uid } of mailbox.entries)
    lines.push(`${uid} ${(await readAll(await mailbox.content(uid))).toString().trim()}`)
  return lines
}

describe('changes by other programs', () => {
  it('are noticed and told once, however many have the mailbox open', async () => {
    await box.deliver('ours')
    const [one, two] = [await inbox(), await inbox()]
    const [own = ''] = await box.names('cur')
    await box.put('new/1700000000.5_0.host', 'theirs')
    const before = box.retrieval.changes.length
    expect(await one.refresh()).toBe(true)
    await rename(at(`cur/${own}`), at(`cur/${own}RS`))
    expect(await two.refresh()).toBe(true)
    await rm(at('cur/1700000000.5_0.host:2,'))
    expect(await one.refresh()).toBe(true)
    expect(await two.refresh()).toBe(true)
    expect(await one.refresh()).toBe(false)
    expect(one.entries).toEqual(two.entries)
    const told = box.retrieval.changes.slice(before).map(({ kind, change }) => ({ kind, ...change }))
    expect(told).toMatchObject([
      { kind: 'stored', cause: 'external', uids: [2], mailbox: 'INBOX', uidValidity: one.uidValidity },
      { kind: 'flagged', cause: 'external', uids: [1], flags: [['\\Answered', '\\Seen']] },
      { kind: 'expunged', cause: 'external', uids: [2] },
    ])
    expect(told).toHaveLength(3)
  })

  it('give UIDs in the order of delivery, whoever delivered', async () => {
    await box.put('new/1700000002.R9.host', 'third')
    await box.put('cur/1700000000.77_1.host:2,S', 'first')
    await box.put('new/1700000001.M5P1.host', 'second')
    expect(await shown(await inbox())).toEqual(['1 first', '2 second', '3 third'])
  })

  it('keep UIDs through every rename', async () => {
    await box.put('new/1.a.h', 'a')
    await box.put('new/2.b.h', 'b')
    const mailbox = await inbox()
    await rename(at('cur/1.a.h:2,'), at('new/1.a.h'))
    await mailbox.refresh()
    await rename(at('new/1.a.h'), at('cur/1.a.h:2,PS'))
    expect(await shown(mailbox)).toEqual(['1 a', '2 b'])
    await mailbox.changeFlags([1, 2], { add: ['\\Flagged'] })
    expect(await box.names('cur')).toEqual(['1.a.h:2,FPS', '2.b.h:2,F'])
    await rename(at('cur/2.b.h:2,F'), at('new/2.b.h'))
    expect(await shown(await inbox())).toEqual(['1 a', '2 b'])
  })

  it('of flags at the same moment are merged with ours', async () => {
    await box.put('cur/1.a.h:2,', 'a')
    let moves = 3
    const files = interferedFiles(unsyncedFiles(nodeFileSystem), async ({ name, path }) => {
      if (name !== 'rename' || !path.includes('/cur/1.a.h') || moves-- <= 0) return
      const [now = ''] = await box.names('cur')
      await rename(at(`cur/${now}`), at(`cur/1.a.h:2,${'DRS'.slice(moves)}`))
    })
    const other = await maildir({ root: box.options.root, files })
    const mailbox = await inbox(other)
    const [entry] = (await mailbox.changeFlags([1], { add: ['\\Flagged'] })).entries
    expect(entry?.flags).toEqual(['\\Answered', '\\Draft', '\\Flagged', '\\Seen'])
    expect(await box.names('cur')).toEqual(['1.a.h:2,DFRS'])
  })

  it('of flags that were to be ours are told as ours', async () => {
    await box.put('cur/1.a.h:2,', 'a')
    let moved = false
    const files = interferedFiles(unsyncedFiles(nodeFileSystem), async ({ name, path }) => {
      if (moved || name !== 'rename' || !path.includes('/cur/1.a.h')) return
      moved = true
      await rename(at('cur/1.a.h:2,'), at('cur/1.a.h:2,F'))
    })
    const other = await maildir({ root: box.options.root, files })
    const mailbox = await inbox(other)
    const before = mailbox.highestModSequence
    const { entries } = await mailbox.changeFlags([1], { add: ['\\Flagged'] })
    expect(entries.map(({ flags }) => flags)).toEqual([['\\Flagged']])
    expect(entries[0]?.modSequence).toBeGreaterThan(before)
    expect(mailbox.entries).toEqual(entries)
  })

  it('of a name that is there twice become two messages', async () => {
    await box.put('cur/1.a.h:2,S', 'one')
    const mailbox = await inbox()
    const before = repairs()
    await writeFile(at('new/1.a.h'), 'other')
    await mailbox.refresh()
    expect([...(await shown(mailbox))].sort()).toEqual(['1 one', '2 other'])
    expect(repairs() - before).toBe(1)
    expect(await box.names('new')).toEqual([])
  })

  it.each([
    ['in cur', 'cur/1.a.h:2,', 'cur/1.a.h:2,S'],
    ['in cur, seen', 'cur/1.a.h:2,S', 'cur/1.a.h:2,'],
    ['moved back to new', 'new/1.a.h', 'cur/1.a.h:2,'],
    ['with more letters', 'cur/1.a.h:2,FS', 'new/1.a.h'],
  ])(
    'of a name that is there twice leave the UID to the message that had it: %s',
    async (_, known, other) => {
      await box.put('new/1.a.h', 'known')
      await box.put('new/2.b.h', 'more')
      const mailbox = await inbox()
      await rename(at('cur/1.a.h:2,'), at(known))
      await box.put(other, 'of another message')
      await box.put('cur/1.a.h:2,DRS', 'of a third one')
      const fresh = (await inbox(await maildir({ root: box.options.root }))) as Mailbox
      for (const each of [fresh, mailbox]) {
        await each.refresh()
        const lines = await shown(each)
        expect(lines.slice(0, 2)).toEqual(['1 known', '2 more'])
        const others = lines.slice(2).map((line) => line.slice(2))
        expect(others.toSorted()).toEqual(['of a third one', 'of another message'])
      }
    },
  )

  it('that are no messages are left alone', async () => {
    await mkdir(at('cur/1.directory.h:2,'))
    await box.put('new/.hidden', 'x')
    await box.put('extra', 'x')
    const mailbox = await inbox()
    expect(mailbox.entries).toEqual([])
    expect(await mailbox.refresh()).toBe(false)
    expect(await box.names('cur')).toEqual(['1.directory.h:2,'])
  })

  it('that take the whole mailbox away are told as that', async () => {
    await box.deliver('x', 'Work', { create: true })
    const mailbox = await box.mailboxes.openMailbox('Work')
    await rm(at('.Work'), { recursive: true })
    await expect(mailbox.refresh()).rejects.toMatchObject({ code: 'MAIL_E_NOT_FOUND' })
  })
})

describe('the index', () => {
  it.each([
    ['was ours', 'warn', async () => undefined],
    ['may be new to us', 'info', () => rm(at('mailwright-owned'))],
  ])('of a mailbox that %s is missed with a line of the log: %s', async (_, level, prepare) => {
    await box.put('cur/1.a.h:2,', 'a')
    await (await inbox()).close()
    await rm(at(indexFileName))
    await prepare()
    const log = capturedLog()
    await inbox(await maildir({ root: box.options.root, log }))
    expect(log.lines.filter(({ event }) => event === 'store-repaired')).toMatchObject([{ level }])
  })

  it('is on the disk before a UID is shown, whatever fails', async () => {
    const fault = faultyFileSystem(unsyncedFiles(nodeFileSystem))
    const other = await maildir({ root: box.options.root, files: fault.fileSystem })
    const given = new Map<string, string>()
    const note = async (mailbox: Mailbox): Promise<void> => {
      const onDisk = await new IndexFile(createContext(box.options), box.path).refresh()
      for (const line of await shown(mailbox)) {
        const [, uid = '', text = ''] = /^(\d+) (.*)$/.exec(line) ?? []
        expect(given.get(uid) ?? text, `UID ${uid}`).toBe(text)
        given.set(uid, text)
        expect(onDisk?.byUid(Number(uid))?.entry.uid).toBe(Number(uid))
      }
      await mailbox.close()
    }
    let deliveries = 0
    for (let struck = true; struck; deliveries++) {
      await box.deliver(`message ${deliveries}`)
      const end = fault.fail({ skip: deliveries })
      const mailbox = await inbox(other).catch(() => undefined)
      struck = end()
      if (mailbox !== undefined) await note(mailbox)
      const after = await inbox()
      expect(after.entries).toHaveLength(deliveries + 1)
      await note(after)
    }
    expect(deliveries).toBeGreaterThan(20)
    expect([...given.values()].toSorted()).toEqual([...new Set(given.values())].toSorted())
    expect(repairs(other)).toBe(0)
  })

  it.each([
    ['lost', () => rm(at(indexFileName))],
    ['damaged', () => change((octets) => octets.fill(0x55, 60, 70))],
    ['emptied', () => replace('')],
    ['overwritten', () => replace(Buffer.alloc(300, 0xff))],
    [
      'lost with its account’s counter',
      async () => {
        await rm(at(indexFileName))
        await rm(at('mailwright-uidvalidity'))
      },
    ],
  ])('that is %s is made anew with a higher UIDVALIDITY', async (_, damage) => {
    await box.deliver('one')
    await box.deliver('two')
    const mailbox = await inbox()
    const { uidValidity } = mailbox
    await mailbox.changeFlags([1, 2], { add: ['\\Seen'] })
    await mailbox.expunge([1])
    await damage()
    await expect(mailbox.refresh()).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
    await expect(mailbox.content(2)).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
    const again = await inbox()
    expect(again.uidValidity).toBeGreaterThan(uidValidity)
    expect(await shown(again)).toEqual(['1 two'])
    expect(repairs()).toBe(1)
    const elsewhere = await (await box.again()).openMailbox('INBOX')
    expect(elsewhere.uidValidity).toBe(again.uidValidity)
  })

  it('of a later version is not touched', async () => {
    await box.deliver('one')
    await (await inbox()).close()
    const later = encodeFrame('S', Buffer.from('{"version":2,"more":true}\n'))
    await replace(later)
    await expect(inbox()).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
    expect(await readFile(at(indexFileName))).toEqual(later)
  })

  it('has a new UIDVALIDITY in a mailbox that is made again, also when time stands still', async () => {
    const still = await maildir({ clock: fakeClock() })
    const seen = new Set<number>()
    for (let round = 0; round < 3; round++) {
      await still.mailboxes.createMailbox('Work')
      seen.add((await still.mailboxes.status('Work')).uidValidity)
      await still.mailboxes.deleteMailbox('Work')
    }
    expect(seen.size).toBe(3)
    expect([...seen]).toEqual([...seen].sort((a, b) => a - b))
  })

  it('says that the mailbox is ours also in one that is made again', async () => {
    for (let round = 0; round < 2; round++) {
      await box.deliver('one', 'Work', { create: true })
      await box.mailboxes.status('Work')
      expect(await box.names('.Work')).toContain('mailwright-owned')
      await box.mailboxes.deleteMailbox('Work')
    }
  })

  it('keeps what is known readable and removable on a full disk', async () => {
    let full = false
    const files = interferedFiles(unsyncedFiles(nodeFileSystem), (call) => {
      if (full && call.name === 'file.write') throw systemError('ENOSPC', call)
    })
    const small = await maildir({ files })
    await small.deliver('one')
    await small.deliver('two')
    await (await inbox(small)).close()
    await small.put('new/1900000000.1_0.host', 'too late')
    full = true
    const mailbox = await inbox(small)
    expect(await shown(mailbox)).toEqual(['1 one', '2 two'])
    expect(await mailbox.expunge([1])).toEqual([1])
    expect(await small.files()).toHaveLength(2)
    await expect(mailbox.expunge([2, 1])).resolves.toEqual([2])
    full = false
    expect(await shown(await inbox(small))).toEqual(['3 too late'])
  })

  it('of a mailbox that is taken over tells clients to look at everything, whatever they know', async () => {
    for (const name of ['1.a.h', '2.b.h']) await box.put(`cur/${name}:2,S`, name)
    await box.put('dovecot-uidlist', '3 V1400000000 N90\n7 :1.a.h\n12 :2.b.h\n')
    const mailbox = await inbox()
    expect([mailbox.uidValidity, mailbox.uidNext]).toEqual([1400000000, 90])
    expect(await shown(mailbox)).toEqual(['7 1.a.h', '12 2.b.h'])
    const ofDovecot = 123_456
    expect(await mailbox.vanishedSince(ofDovecot)).toBeUndefined()
    for (const { modSequence } of mailbox.entries) expect(modSequence).toBeGreaterThan(ofDovecot)
    const known = mailbox.highestModSequence
    expect(await mailbox.vanishedSince(known)).toEqual([])
    await mailbox.expunge([12])
    expect(await mailbox.vanishedSince(known)).toEqual([12])
  })

  it('survives a copy of the Maildir to another place', async () => {
    await box.deliver('one')
    const { uidValidity } = await inbox()
    const other = await maildir()
    await copyFile(at(indexFileName), join(other.path, indexFileName))
    for (const name of await box.names('cur'))
      await copyFile(at(`cur/${name}`), join(other.path, 'cur', name))
    const mailbox = await inbox(other)
    expect([mailbox.uidValidity, await shown(mailbox)]).toEqual([uidValidity, ['1 one']])
  })
})
