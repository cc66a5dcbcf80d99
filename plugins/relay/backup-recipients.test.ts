import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Address, parseAddress } from 'mailwright'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BackupRecipients } from './backup-recipients.ts'

const at = (text: string): Address => parseAddress(text) as Address

let folder: string
let path: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-relay-'))
  path = join(folder, 'recipients')
})

afterEach(() => rm(folder, { recursive: true, force: true }))

/** Makes the file anew, as an editor does. */
async function write(text: string): Promise<void> {
  await writeFile(`${path}.new`, text)
  await rename(`${path}.new`, path)
}

test('has what the file names, in the form of Postfix’s tables too', async () => {
  await write('# comment\n\nJo@backup.example\tOK\r\n  anna@backup.example x y\n@all.example any\n')
  const known = new BackupRecipients(path, '+')
  const asked = [
    'jo@backup.example',
    'ANNA@backup.example',
    'x@all.example',
    'x@backup.example',
    'y@b.example',
  ]
  expect(await Promise.all(asked.map((text) => known.has(at(text))))).toEqual([
    true,
    true,
    true,
    false,
    false,
  ])
  expect(await known.names(at('x@all.example'))).toBe(false)
})

test('a local part may be known in all of these domains', async () => {
  await write('postmaster@\n@.below.example\n')
  const known = new BackupRecipients(path, '+')
  expect(await known.has(at('Postmaster+x@any.example'))).toBe(true)
  expect(await known.names(at('postmaster@any.example'))).toBe(true)
  expect(await known.has(at('x@a.below.example'))).toBe(true)
})

test.each(['jo', 'jo.doe', '<>'])('a line with %s is half of an address, and no domain', async (line) => {
  await write(`${line}\n`)
  await expect(new BackupRecipients(path, '+').load()).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
})

test('knows details, where something separates them', async () => {
  await write('jo@backup.example\n')
  expect(await new BackupRecipients(path, '+').has(at('jo+lists@backup.example'))).toBe(true)
  expect(await new BackupRecipients(path, '').has(at('jo+lists@backup.example'))).toBe(false)
})

test('is read again when it has changed, and says "later" while it cannot be read', async () => {
  await write('jo@backup.example\n')
  const known = new BackupRecipients(path, '+')
  await known.load()
  await write('anna@backup.example\n')
  expect(await known.has(at('anna@backup.example'))).toBe(true)
  expect(await known.has(at('jo@backup.example'))).toBe(false)
  await rm(path)
  await expect(known.has(at('jo@backup.example'))).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
  await write('jo@backup.example\n')
  expect(await known.has(at('jo@backup.example'))).toBe(true)
})

test.each([
  ['a line that is no address', 'jo@backup.example\nhalf a li', 'MAIL_E_INVALID'],
  ['octets that are no text', Buffer.from([0xff, 0xfe, 0, 10]), 'MAIL_E_INVALID'],
])('a file with %s names nobody', async (_, content, code) => {
  await writeFile(path, content)
  await expect(new BackupRecipients(path, '+').load()).rejects.toMatchObject({
    code: 'MAIL_E_UNAVAILABLE',
    cause: { code },
  })
})

test('many who ask at once read it once', async () => {
  await write(Array.from({ length: 20_000 }, (_, number) => `u${number}@backup.example\n`).join(''))
  const known = new BackupRecipients(path, '+')
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, number) => known.has(at(`u${number}@backup.example`))),
  )
  expect(answers.every(Boolean)).toBe(true)
})
