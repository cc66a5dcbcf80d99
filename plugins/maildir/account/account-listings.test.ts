import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, systemClock } from 'mailwright'
import { type FaultyFileSystem, faultyFileSystem } from 'mailwright/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { partContext } from '../../../test/support/stores/maildir-index.ts'
import { type FileSystem, nodeFileSystem } from '../files/file-system.ts'
import { AccountListings } from './account-listings.ts'

// What has changed a moment ago is read again: for this clock nothing has.
const later: Clock = { ...systemClock, now: () => systemClock.now() + 1_000 }

let folder: string
let fault: FaultyFileSystem<FileSystem>

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-listings-'))
  fault = faultyFileSystem(nodeFileSystem)
  // With INBOX each has three mailboxes.
  for (const account of ['a', 'b', 'c'])
    for (const name of ['.x', '.y']) await mkdir(join(folder, account, name), { recursive: true })
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** Whether the list of an account is known. */
async function isKept(listings: AccountListings, account: string): Promise<boolean> {
  const before = fault.calls.length
  await listings.mailboxes(join(folder, account))
  return !fault.calls.slice(before).some(({ name }) => name === 'readdir')
}

it('keeps the lists of those who asked last, as many as there is room for', async () => {
  const listings = new AccountListings(partContext(fault.fileSystem, later), 6)
  expect(await isKept(listings, 'a')).toBe(false)
  expect(await isKept(listings, 'b')).toBe(false)
  for (const account of ['a', 'b', 'a']) expect(await isKept(listings, account)).toBe(true)
  expect(await isKept(listings, 'c')).toBe(false)
  expect(await isKept(listings, 'a')).toBe(true)
  expect(await isKept(listings, 'b'), 'it had not asked for the longest time').toBe(false)
})

it('keeps one list that is too large, and nothing beside it', async () => {
  const listings = new AccountListings(partContext(fault.fileSystem, later), 2)
  for (const account of ['a', 'b']) {
    expect(await isKept(listings, account)).toBe(false)
    expect(await isKept(listings, account)).toBe(true)
  }
})

it('counts subscriptions, and what lists have become', async () => {
  const listings = new AccountListings(partContext(fault.fileSystem, later), 7)
  for (const account of ['a', 'b']) await listings.mailboxes(join(folder, account))
  await writeFile(join(folder, 'b/subscriptions'), 'x\ny\n')
  expect(await listings.subscriptions(join(folder, 'b'))).toEqual(['x', 'y'])
  expect(await isKept(listings, 'a')).toBe(false)
})

it('answers all who ask at the same time, though there is room for one', async () => {
  const listings = new AccountListings(partContext(fault.fileSystem, later), 1)
  const asked = ['a', 'b', 'c', 'a', 'b'].map((account) => listings.mailboxes(join(folder, account)))
  for (const infos of await Promise.all(asked))
    expect(infos.map(({ name }) => name)).toEqual(['INBOX', 'x', 'y'])
})
