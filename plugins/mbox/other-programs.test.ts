import { appendFile, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Mailbox, readAll } from 'mailwright'
import { overlay } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTestMbox, type TestMbox } from '../../test/support/stores/mbox.ts'
import { type FileSystem, nodeFileSystem, type OpenFile } from './file-system.ts'

let box: TestMbox

beforeEach(async () => {
  box = await createTestMbox()
})
afterEach(() => box.remove())

const mark = 'From a@example.org Sat Nov 28 21:53:22 2026\n'
/** A message as another program puts it into a file. */
const put = (subject: string, fields = ''): string =>
  `${mark}${fields}Subject: ${subject}\n\nbody of ${subject}\n\n`
const message = (subject: string): string => `Subject: ${subject}\r\n\r\nbody of ${subject}\r\n`
const inbox = (): Promise<Mailbox> => box.mailboxes.openMailbox('INBOX')
const append = (text: string): Promise<void> => appendFile(join(box.path, 'inbox'), text)
const index = (): string => join(box.path, 'mail/.mailwright/INBOX.index')

/** UIDs, subjects and flags. */
async function seen(mailbox: Mailbox): Promise<readonly (readonly unknown[])[]> {
  const lines: (readonly unknown[])[] = []
  for (const { uid, flags } of mailbox.entries) {
    const text = (await readAll(await mailbox.content(uid))).toString('latin1')
    lines.push([uid, /^Subject: (.*)\r$/m.exec(text)?.[1], ...flags])
  }
  return lines
}

describe('a mailbox without an index', () => {
  it('has the numbers and flags that its file tells', async () => {
    await box.write(
      put('one', 'X-IMAPbase: 1795906766 0000000012 work\nX-UID: 3\nStatus: RO\nX-UIDL: abc\n') +
        put('two', 'X-UID: 7\nX-Status: F\nX-Keywords: work\n') +
        put('three'),
    )
    const mailbox = await inbox()
    expect(await seen(mailbox)).toEqual([
      [3, 'one', '\\Seen'],
      [7, 'two', '\\Flagged', 'work'],
      [13, 'three'],
    ])
    expect([mailbox.uidValidity, mailbox.uidNext]).toEqual([1795906766, 14])
    expect(mailbox.entries.map(({ uidl }) => uidl)).toEqual(['abc', undefined, undefined])
    expect(await box.read(), 'the file tells it too').toContain('X-IMAPbase: 1795906766 0000000013 work\n')
    expect(box.retrieval.changes, 'nobody has changed anything').toEqual([])
  })

  it('hides the message that UW-imapd keeps them in, and keeps that up to date', async () => {
    const internal = put('FOLDER INTERNAL DATA', 'X-IMAP: 1795906766 0000000012\nStatus: RO\n')
    await box.write(internal + put('one', 'X-UID: 12\n'))
    const mailbox = await inbox()
    await append(put('two'))
    await mailbox.refresh()
    expect(await seen(mailbox)).toEqual([
      [12, 'one'],
      [13, 'two'],
    ])
    expect(await box.read()).toContain('X-IMAP: 1795906766 0000000013\n')
    await mailbox.expunge([12, 13])
    expect(await box.read()).toBe(internal.replace('12\nS', '13\nS'))
    await append(put('three'))
    await mailbox.refresh()
    expect(await seen(mailbox)).toEqual([[14, 'three']])
  })

  it.each([
    ['a UID above the last', put('one', 'X-IMAPbase: 5 0000000002\nX-UID: 3\n')],
    ['UIDs that do not ascend', put('one', 'X-IMAPbase: 5 9\nX-UID: 3\n') + put('two', 'X-UID: 3\n')],
    ['no base', put('one', 'X-UID: 3\n')],
    ['a base in another message', put('one', 'X-UID: 3\n') + put('two', 'X-IMAPbase: 5 9\nX-UID: 4\n')],
    ['a base of the far future', put('one', 'X-IMAPbase: 4294967295 9\nX-UID: 3\n')],
    ['UIDs that are used up', put('one', 'X-IMAPbase: 5 4294967295\nX-UID: 3\n')],
    ['an attacker’s UIDVALIDITY', put('one', 'X-IMAPbase: 0 9\nX-UID: 3\n')],
  ])('does not believe %s', async (_what, text) => {
    await box.write(text)
    const mailbox = await inbox()
    expect(mailbox.entries[0]?.uid).toBe(1)
    expect(mailbox.uidValidity).toBeGreaterThan(1_700_000_000)
    expect(await box.read(), 'nor may anybody later').not.toMatch(/X-UID: [34]/)
  })

  it('keeps its UIDs when the index is lost, where the file tells them, else UIDVALIDITY rises', async () => {
    for (const subject of ['one', 'two']) await box.deliver(message(subject))
    const before = await inbox()
    const lines = await seen(before)
    await rm(index())
    const same = await (await box.again()).openMailbox('INBOX')
    expect([same.uidValidity, same.uidNext, await seen(same)]).toEqual([before.uidValidity, 3, lines])
    await expect(before.refresh(), 'it has another id').rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
    await box.write(put('one') + put('two'))
    await rm(index())
    const other = await (await box.again()).openMailbox('INBOX')
    expect(other.uidValidity).toBeGreaterThan(before.uidValidity)
  })

  it.each(['', 'garbage', '0\n', '\0'.repeat(500)])(
    'is made anew where the index is damaged: %j',
    async (text) => {
      await box.deliver(message('one'))
      const before = await inbox()
      await box.deliver(message('two'))
      await writeFile(index(), text)
      const mailbox = await (await box.again()).openMailbox('INBOX')
      expect(mailbox.uidValidity).toBe(before.uidValidity)
      expect(await seen(mailbox)).toEqual([
        [1, 'one'],
        [2, 'two'],
      ])
      expect(box.log.lines.map(({ event }) => event)).toContain('store-repaired')
    },
  )

  it('goes by the last whole line of an index that was cut short', async () => {
    await box.deliver(message('one'))
    const before = await inbox()
    const whole = await readFile(index())
    await box.deliver(message('two'))
    await before.refresh()
    const longer = await readFile(index())
    for (const length of [whole.length, whole.length + 20, longer.length - 1]) {
      await writeFile(index(), longer.subarray(0, length))
      const mailbox = await (await box.again()).openMailbox('INBOX')
      expect([mailbox.id, mailbox.uidValidity]).toEqual([before.id, before.uidValidity])
      expect(mailbox.entries.map(({ uid }) => uid)).toEqual([1, 2])
    }
  })
})

describe('what other programs do', () => {
  it('is noticed by reading only what is new', async () => {
    for (let count = 0; count < 5; count++)
      await box.deliver(`${message(`${count}`)}${'line\r\n'.repeat(20_000)}`)
    const places: number[] = []
    const files: FileSystem = {
      ...nodeFileSystem,
      open: async (...words) => {
        const file = await nodeFileSystem.open(...words)
        const read: OpenFile['read'] = (...all) => {
          if (words[0].endsWith('/inbox')) places.push(all[3])
          return file.read(...all)
        }
        return overlay(file, { read })
      },
    }
    const other = await createTestMbox({ root: box.options.root, files })
    const mailbox = await other.mailboxes.openMailbox('INBOX')
    const known = (await box.read()).length
    places.length = 0
    await append(put('new'))
    expect(await mailbox.refresh()).toBe(true)
    expect(mailbox.entries).toHaveLength(6)
    // The first message's header tells of the mailbox.
    expect(places.filter((place) => place > 1000 && place < known)).toEqual([])
    places.length = 0
    expect(await mailbox.refresh()).toBe(false)
    expect(places).toEqual([])
  })

  it('is told to the hooks once, with its cause', async () => {
    for (const subject of ['one', 'two', 'three']) await box.deliver(message(subject))
    const mailbox = await inbox()
    await append(put('four', 'Status: R\n'))
    await mailbox.refresh()
    const text = await box.read()
    const [start, end] = [
      text.indexOf('From MAILER', 1),
      text.indexOf('From MAILER', text.indexOf('Subject: two')),
    ]
    await box.write((text.slice(0, start) + text.slice(end)).replace(/Status: {3}\n/, 'Status: RO\n'))
    await mailbox.refresh()
    expect(await seen(mailbox)).toEqual([
      [1, 'one', '\\Seen'],
      [3, 'three'],
      [4, 'four', '\\Seen'],
    ])
    const told = box.retrieval.changes
      .slice(3)
      .map(({ kind, change }) => [kind, change.cause, ...change.uids])
    expect(told).toEqual([
      ['stored', 'external', 4],
      ['flagged', 'external', 1],
      ['expunged', 'external', 2],
    ])
  })

  it('does not give new messages numbers that their senders write', async () => {
    for (const subject of ['one', 'two', 'three']) await box.deliver(message(subject))
    const mailbox = await inbox()
    await mailbox.expunge([2])
    await append(put('evil', `X-IMAPbase: ${mailbox.uidValidity} 9999\nX-UID: 2\nX-UIDL: taken\n`))
    await append(put('worse', 'X-UID: 4000000000\nX-IMAP: 1 2\n'))
    await mailbox.refresh()
    expect(await seen(mailbox)).toEqual([
      [1, 'one'],
      [3, 'three'],
      [4, 'evil'],
      [5, 'worse'],
    ])
    expect(mailbox.entries.map(({ uidl }) => uidl)).toEqual([undefined, undefined, undefined, undefined])
    await rm(index())
    const again = await (await box.again()).openMailbox('INBOX')
    expect(await seen(again), 'nor when the index is lost').toEqual([
      [1, 'one'],
      [3, 'three'],
      [4, 'evil'],
      [5, 'worse'],
    ])
  })

  it('does not hide the first message because its sender makes it look like UW-imapd’s', async () => {
    const mailbox = await inbox()
    await append(put('hidden?', 'X-IMAP: 1795906766 0000000012\n'))
    await mailbox.refresh()
    expect(await seen(mailbox)).toEqual([[1, 'hidden?']])
    expect(await seen(await (await box.again()).openMailbox('INBOX'))).toEqual([[1, 'hidden?']])
  })

  it('gives the numbers of another server that was first, where they are new to us', async () => {
    await box.deliver(message('one'))
    const mailbox = await inbox()
    const text = await box.read()
    const told = text.replace('0000000001 ', '0000000007 ')
    await box.write(`${told}${put('two', 'X-UID: 7\n')}`)
    await mailbox.refresh()
    expect(await seen(mailbox)).toEqual([
      [1, 'one'],
      [7, 'two'],
    ])
    expect(mailbox.uidNext).toBe(8)
  })

  it('gives a message new octets and so a new UID, and the others keep theirs', async () => {
    for (const subject of ['one', 'two', 'three']) await box.deliver(message(subject))
    const mailbox = await inbox()
    await box.write((await box.read()).replace('body of two', 'another body'))
    await mailbox.refresh()
    expect(await seen(mailbox)).toEqual([
      [1, 'one'],
      [3, 'three'],
      [4, 'two'],
    ])
  })

  it('replaces the file: messages are known again by their octets', async () => {
    for (const subject of ['one', 'two', 'three', 'two']) await box.deliver(message(subject))
    const mailbox = await inbox()
    await box.write(put('three') + put('two') + put('new'), 'fresh')
    await rename(join(box.path, 'fresh'), join(box.path, 'inbox'))
    await mailbox.refresh()
    expect(await seen(mailbox)).toEqual([
      [2, 'two'],
      [3, 'three'],
      [5, 'new'],
    ])
  })

  it('removes INBOX: it is made again, and no UID comes back', async () => {
    await box.deliver(message('one'))
    const mailbox = await inbox()
    await rm(join(box.path, 'inbox'))
    await mailbox.refresh()
    expect(mailbox.entries).toEqual([])
    await box.deliver(message('two'))
    await mailbox.refresh()
    expect(await seen(mailbox)).toEqual([[2, 'two']])
  })

  it('makes no mbox file of it: nothing is shown and nothing is put there', async () => {
    await box.write('just some text\n', 'mail/notes')
    expect((await box.mailboxes.mailboxes()).map(({ name }) => name)).toEqual(['INBOX', 'notes'])
    const code = { code: 'MAIL_E_UNAVAILABLE' }
    await expect(box.mailboxes.openMailbox('notes')).rejects.toMatchObject(code)
    await expect(box.deliver(message('x'), 'notes')).rejects.toMatchObject(code)
    expect(await box.read('mail/notes')).toBe('just some text\n')
  })

  it('leaves what is being read as it was, however often messages move in the file', async () => {
    await box.deliver(message('first'))
    const large = `Subject: large\r\n\r\n${'line\r\n'.repeat(200_000)}`
    await box.deliver(large)
    const mailbox = await inbox()
    const content = await mailbox.content(2)
    const pieces: Buffer[] = []
    for await (const piece of content.stream()) {
      pieces.push(piece)
      if (pieces.length === 2) await mailbox.expunge([1])
      if (pieces.length === 4) await mailbox.changeFlags([2], { add: ['x'.repeat(100)] })
    }
    expect(Buffer.concat(pieces).toString() === large).toBe(true)
    await mailbox.expunge([2])
    await expect(content.read(0, 10)).rejects.toMatchObject({ code: 'MAIL_E_NOT_FOUND' })
  })
})
