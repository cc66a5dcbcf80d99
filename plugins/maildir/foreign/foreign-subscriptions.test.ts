import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { faultyFileSystem } from 'mailwright/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { nodeFileSystem } from '../files/file-system.ts'
import { readForeignSubscriptions } from './foreign-subscriptions.ts'

let root: string
const read = () => readForeignSubscriptions(nodeFileSystem, root)

async function put(name: string, text: string, second = 0): Promise<void> {
  await writeFile(join(root, name), text)
  await utimes(join(root, name), 0, 1_700_000_000 + second)
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mailwright-foreign-'))
})
afterEach(() => rm(root, { recursive: true }))

it('answers sorted names, or undefined where nobody says', async () => {
  expect(await read()).toBeUndefined()
  await mkdir(join(root, 'subscriptions'))
  expect(await read()).toBeUndefined()
  await put('courierimapsubscribed', 'INBOX.Work\nINBOX.Archive.2023\nINBOX\n')
  expect(await read()).toEqual(['Archive/2023', 'INBOX', 'Work'])
  await put('courierimapsubscribed', '')
  expect(await read()).toEqual([])
})

it('believes the file that was written later', async () => {
  await put('subscriptions', 'V\t2\n\nWork\tBills\nDovecot\n', 1)
  expect(await read()).toEqual(['Dovecot', 'Work/Bills'])
  await put('courierimapsubscribed', 'INBOX.Courier\n', 0)
  expect(await read()).toEqual(['Dovecot', 'Work/Bills'])
  await put('courierimapsubscribed', 'INBOX.Courier\n', 1)
  expect(await read()).toEqual(['Dovecot', 'Work/Bills'])
  await put('courierimapsubscribed', 'INBOX.Courier\n', 2)
  expect(await read()).toEqual(['Courier'])
  await put('subscriptions', 'V\t9\n\nWork\n', 3)
  expect(await read()).toBeUndefined()
})

it('does not take trouble of the disk for an account without subscriptions', async () => {
  await put('subscriptions', 'Work\n')
  const { fileSystem } = faultyFileSystem({ ...nodeFileSystem }, [{ call: 'open', error: 'EMFILE' }])
  await expect(readForeignSubscriptions(fileSystem, root)).rejects.toMatchObject({ code: 'EMFILE' })
})
