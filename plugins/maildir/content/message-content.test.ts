import { link, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { type Mailbox, readAll } from 'mailwright'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createTestMaildir, type TestMaildir } from '../../../test/support/stores/maildir.ts'

let maildir: TestMaildir

beforeEach(async () => {
  maildir = await createTestMaildir()
})
afterEach(() => maildir.remove())

const lines = Array.from({ length: 9000 }, (_, index) => `line ${index} ${'x'.repeat(index % 60)}\n`).join('')
const mixed = `${lines}with CR\r\nlone \r CR\n\n\r\nend`
const asCrlf = (text: string): string => text.replaceAll(/\r?\n/g, '\r\n')

async function inbox(): Promise<Mailbox> {
  return maildir.mailboxes.openMailbox('INBOX')
}

it.each([
  ['small', 'Subject: x\n\nbody\n'],
  ['large', mixed],
])('shows a %s file with Unix lines with CRLF, in size and octets', async (_, text) => {
  await maildir.put('new/1700000000.1_0.host', text)
  const mailbox = await inbox()
  expect(mailbox.entries[0]?.size).toBe(asCrlf(text).length)
  const content = await mailbox.content(1)
  expect(content.size).toBe(asCrlf(text).length)
  expect((await readAll(content)).toString('latin1')).toBe(asCrlf(text))
})

it('reads ranges of a large file with Unix lines', async () => {
  await maildir.put('new/1700000000.1_0.host', mixed)
  const whole = asCrlf(mixed)
  const content = await (await inbox()).content(1)
  const ends = [0, 1, 131_071, 131_072, 131_073, 200_000, 270_000, whole.length - 1, whole.length]
  for (const start of ends.toReversed())
    for (const end of ends) {
      expect((await content.read(start, end)).toString('latin1')).toBe(
        whole.slice(start, Math.max(start, end)),
      )
      expect((await buffer(content.stream(start, end))).toString('latin1')).toBe(
        whole.slice(start, Math.max(start, end)),
      )
    }
})

it('follows a file that is moved and flagged between two reads', async () => {
  await maildir.put('new/1700000000.1_0.host', lines)
  const mailbox = await inbox()
  const content = await mailbox.content(1)
  await rename(
    join(maildir.path, 'cur/1700000000.1_0.host:2,'),
    join(maildir.path, 'cur/1700000000.1_0.host:2,S'),
  )
  expect((await content.read(0, 6)).toString()).toBe('line 0')
  await rename(
    join(maildir.path, 'cur/1700000000.1_0.host:2,S'),
    join(maildir.path, 'cur/1700000000.1_0.host:2,FS'),
  )
  expect(await buffer(content.stream())).toHaveLength(content.size)
  await rm(join(maildir.path, 'cur/1700000000.1_0.host:2,FS'))
  await expect(content.read(0, 6)).rejects.toMatchObject({ code: 'MAIL_E_NOT_FOUND' })
  await expect(mailbox.content(1)).rejects.toMatchObject({ code: 'MAIL_E_NOT_FOUND' })
})

it('does not follow a symbolic link out of the Maildir', async () => {
  await writeFile(join(maildir.path, '..', 'secret'), 'secret')
  await symlink(join(maildir.path, '..', 'secret'), join(maildir.path, 'new/1700000000.1_0.host'))
  await maildir.deliver('Subject: real\r\n\r\n')
  const mailbox = await inbox()
  expect(mailbox.entries).toHaveLength(1)
  const [name = ''] = (await maildir.names('cur')).filter((each) => each.includes('mail.example.org'))
  await rm(join(maildir.path, 'cur', name))
  await symlink(join(maildir.path, '..', 'secret'), join(maildir.path, 'cur', name))
  await expect(mailbox.content(1)).rejects.toMatchObject({ code: 'MAIL_E_NOT_FOUND' })
})

it('tells the true size of a large file whose name tells another', async () => {
  const text = asCrlf(lines)
  await maildir.put('new/1700000000.1_0.host,S=5,W=5', text)
  await maildir.put('new/1700000001.1_0.host,S=300000,W=999999', text)
  const mailbox = await inbox()
  for (const uid of [1, 2]) {
    const content = await mailbox.content(uid)
    expect(content.size).toBe(text.length)
    expect((await readAll(content)).toString('latin1')).toBe(text)
  }
})

it('reads one file under two names as one message', async () => {
  await maildir.put('cur/1700000000.1_0.host:2,', 'x\r\n')
  await link(join(maildir.path, 'cur/1700000000.1_0.host:2,'), join(maildir.path, 'new/1700000000.1_0.host'))
  const mailbox = await inbox()
  expect(mailbox.entries).toHaveLength(1)
  expect(await readAll(await mailbox.content(1))).toHaveLength(3)
  await mailbox.expunge([1])
  expect(await maildir.files()).toEqual([])
})
