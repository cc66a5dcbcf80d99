import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Metadata, SpecialUse } from 'mailwright'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTestMaildir, type TestMaildir } from '../../../test/support/stores/maildir.ts'

let box: TestMaildir

beforeEach(async () => {
  box = await createTestMaildir()
})
afterEach(() => box.remove())

const uses = async (of = box.mailboxes): Promise<readonly (readonly [string, SpecialUse | undefined])[]> =>
  (await of.mailboxes()).map(({ name, specialUse }) => [name, specialUse] as const)
const texts = (metadata: Metadata): Readonly<Record<string, string>> =>
  Object.fromEntries([...metadata].map(([name, value]) => [name, value.toString()]))
const set = (mailbox: string | undefined, changes: Readonly<Record<string, string | null>>): Promise<void> =>
  box.mailboxes.setMetadata(
    mailbox,
    new Map(Object.entries(changes).map(([name, text]) => [name, text === null ? null : Buffer.from(text)])),
  )

describe('settings of mailboxes', () => {
  it('are known to another process, stay through a rename, and go with the mailbox', async () => {
    await box.mailboxes.createMailbox('Work/Old', { specialUse: '\\Archive' })
    await set('Work/Old', { '/private/comment': 'ours', '/shared/Comment': 'ü' })
    await box.mailboxes.subscribe('Work/Old', true)
    await box.mailboxes.renameMailbox('Work', 'Play')
    const other = await box.again()
    expect(await uses(other)).toContainEqual(['Play/Old', '\\Archive'])
    expect(texts(await other.metadata('Play/Old'))).toEqual({
      '/private/comment': 'ours',
      '/shared/comment': 'ü',
    })
    expect(await other.subscriptions(), 'names, not mailboxes').toEqual(['Work/Old'])
    await other.deleteMailbox('Play/Old')
    await other.createMailbox('Play/Old')
    expect(texts(await box.mailboxes.metadata('Play/Old'))).toEqual({})
    expect(await uses()).toContainEqual(['Play/Old', undefined])
  })

  it('of the account are not those of its INBOX, though they lie side by side', async () => {
    await set(undefined, { '/private/comment': 'account' })
    await set('INBOX', { '/private/comment': 'inbox' })
    expect(texts(await box.mailboxes.metadata(undefined))).toEqual({ '/private/comment': 'account' })
    expect(texts(await box.mailboxes.metadata('inbox'))).toEqual({ '/private/comment': 'inbox' })
  })

  it('hold any octets, and names that mean something to programs', async () => {
    const octets = Buffer.from(Array.from({ length: 256 }, (_, octet) => octet))
    const changes = new Map([
      ['/private/__proto__', octets],
      ['/private/constructor', Buffer.alloc(0)],
    ])
    await box.mailboxes.setMetadata('INBOX', changes)
    const found = await (await box.again()).metadata('INBOX')
    expect(found.get('/private/__proto__')).toEqual(octets)
    expect(found.get('/private/constructor')).toEqual(Buffer.alloc(0))
    expect(found.size).toBe(2)
  })

  it('give a use to one mailbox at most, and lose nothing else', async () => {
    for (const name of ['A', 'B']) await box.mailboxes.createMailbox(name)
    await set('A', { '/private/comment': 'kept' })
    await box.mailboxes.setSpecialUse('A', '\\Sent')
    await box.mailboxes.setSpecialUse('A', '\\Sent')
    await box.mailboxes.setSpecialUse('B', '\\Sent')
    expect(await uses()).toEqual([
      ['INBOX', undefined],
      ['A', undefined],
      ['B', '\\Sent'],
    ])
    expect(texts(await box.mailboxes.metadata('A'))).toEqual({ '/private/comment': 'kept' })
    await box.mailboxes.setSpecialUse('B', undefined)
    expect((await uses()).every(([, use]) => use === undefined)).toBe(true)
  })

  it('give a use to one mailbox at most, also where several are to have it at the same time', async () => {
    const names = ['A', 'B', 'C', 'D']
    for (const name of names) await box.mailboxes.createMailbox(name)
    const others = [box.mailboxes, await box.again()]
    await Promise.all(names.map((name, at) => others[at % 2]?.setSpecialUse(name, '\\Sent')))
    for (const each of others)
      expect((await uses(each)).filter(([, use]) => use !== undefined)).toEqual([
        [expect.stringMatching(/^[A-D]$/), '\\Sent'],
      ])
    expect((await box.names('.')).filter((name) => name.endsWith('.lock'))).toEqual([])
  })

  it('of several at the same time are all there', async () => {
    const others = [box.mailboxes, await box.again(), await box.again()]
    await Promise.all(
      Array.from({ length: 12 }, (_, at) =>
        others[at % 3]?.setMetadata('INBOX', new Map([[`/private/n${at}`, Buffer.from(`${at}`)]])),
      ),
    )
    await Promise.all(Array.from({ length: 12 }, (_, at) => others[at % 3]?.subscribe(`m${at}`, true)))
    expect((await box.mailboxes.metadata('INBOX')).size).toBe(12)
    expect(await box.mailboxes.subscriptions()).toHaveLength(12)
  })

  it('are refused for a mailbox that is not there', async () => {
    const code = 'MAIL_E_NOT_FOUND'
    await expect(set('Nowhere', { '/private/a': 'x' })).rejects.toMatchObject({ code })
    await expect(box.mailboxes.metadata('Nowhere')).rejects.toMatchObject({ code })
    await expect(box.mailboxes.setSpecialUse('Nowhere', '\\Junk')).rejects.toMatchObject({ code })
  })
})

describe('settings that somebody else has written', () => {
  const write = (text: string): Promise<void> => writeFile(join(box.path, 'mailwright-settings'), text)

  it('are read as far as they are any, and kept', async () => {
    await write('{"metadata":{"/private/a":"eA=="},"specialUse":"\\\\Nonsense","access":7,"later":true}')
    expect(texts(await box.mailboxes.metadata('INBOX'))).toEqual({ '/private/a': 'x' })
    expect(await uses()).toEqual([['INBOX', undefined]])
    await write('{"metadata":{"/private/a":"no base64!"}}')
    expect((await box.mailboxes.metadata('INBOX')).size).toBe(1)
  })

  it.each(['null', '[]', '{}', '{"metadata":7}', '{"metadata":{"a":7}}', '{"metadata":null}', 'x'])(
    'as %s are damaged: MAIL_E_UNAVAILABLE until they are repaired',
    async (text) => {
      await write(text)
      const code = 'MAIL_E_UNAVAILABLE'
      await expect(box.mailboxes.metadata('INBOX')).rejects.toMatchObject({ code })
      await expect(set('INBOX', { '/private/a': 'x' })).rejects.toMatchObject({ code })
      await expect(box.mailboxes.setSpecialUse('INBOX', '\\Junk')).rejects.toMatchObject({ code })
      expect(await readFile(join(box.path, 'mailwright-settings'), 'utf8')).toBe(text)
      await box.store.examine(box.account, { repair: true })
      await set('INBOX', { '/private/a': 'x' })
      expect(texts(await box.mailboxes.metadata('INBOX'))).toEqual({ '/private/a': 'x' })
    },
  )
})

describe('subscriptions', () => {
  it('are at first those of the server that was here before, and then ours', async () => {
    await mkdir(join(box.path, '.Sent'))
    await writeFile(join(box.path, 'subscriptions'), 'V\t2\n\nSent\nWork\tBills\n')
    expect(await box.mailboxes.subscriptions()).toEqual(['Sent', 'Work/Bills'])
    await box.mailboxes.subscribe('Sent', false)
    await rm(join(box.path, 'subscriptions'))
    expect(await (await box.again()).subscriptions()).toEqual(['Work/Bills'])
  })

  it.each(['{}', '[7]', '"x"', ''])('that are %s are damaged until they are repaired', async (text) => {
    await writeFile(join(box.path, 'mailwright-subscriptions'), text)
    await expect(box.mailboxes.subscribe('A', true)).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
    await box.store.examine(box.account, { repair: true })
    await box.mailboxes.subscribe('A', true)
    expect(await box.mailboxes.subscriptions()).toEqual(['A'])
  })
})
