import { mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { accounts as accountsKey, bufferContent, store } from 'mailwright'
import { memoryAccounts } from 'mailwright/plugins/memory'
import { addressOf, createTestHost, expectCode, type TestHost } from 'mailwright/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import maildir from './index.ts'

const account = { id: '1', address: addressOf('Ann@example.org') }

let dataDir = ''

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'mailwright-maildir-'))
})
afterEach(() => rm(dataDir, { recursive: true, force: true }))

function commandsOf({ host }: TestHost): readonly string[] {
  return host.commands.map(({ name }) => name)
}

it('provides a store below the data directory', async () => {
  await using host = await createTestHost({
    plugins: [maildir({ root: 'mail', path: '{domain}/{user}' })],
    dataDir,
  })
  expect(await readdir(dataDir)).not.toContain('mail')
  const mailboxes = await host.service(store).open(account)
  await (await mailboxes.stage('INBOX', bufferContent(Buffer.from('x\r\n')))).commit()
  expect(await readdir(join(dataDir, 'mail/example.org/ann/new'))).toHaveLength(1)
})

it('has mailboxes for their own accounts only where nobody says who has which id', async () => {
  await using host = await createTestHost({ plugins: [maildir()], dataDir })
  const service = host.service(store)
  expect(service.supports.rights).toBe(false)
  const mailboxes = await service.open(account)
  await expectCode(mailboxes.setAccess('INBOX', 'anyone', 'lr'), 'MAIL_E_UNSUPPORTED')
  expect(commandsOf(host)).toEqual([])
})

it('has mailboxes that are opened to others, and public ones, beside accounts', async () => {
  const plugins = [
    maildir(),
    memoryAccounts({ accounts: [{ address: 'ann@example.org' }, { address: 'bob@example.org' }] }),
  ]
  await using host = await createTestHost({ plugins, dataDir })
  const service = host.service(store)
  expect(service.supports.rights).toBe(true)
  const open = async (localPart: string) => {
    const found = await host.service(accountsKey).resolve({ localPart, domain: 'example.org' })
    if (found.kind !== 'account') throw new TypeError('no account')
    return service.open(found.account)
  }
  const [ann, bob] = [await open('ann'), await open('bob')]
  await ann.setAccess('INBOX', bob.account.id, 'lr')
  expect((await bob.mailboxes()).map(({ name }) => name)).toEqual([
    'INBOX',
    'Other Users/ann@example.org/INBOX',
  ])
  expect(commandsOf(host)).toEqual([
    ...['list', 'add', 'remove', 'access', 'check', 'repair'].map((word) => `shared-mailbox ${word}`),
    'mailbox access',
  ])
})

it('does not start where its root can never be made', async () => {
  const root = join(dataDir, 'link')
  await symlink('/nonexistent-target', root)
  const starting = createTestHost({ plugins: [maildir({ root })], dataDir })
  await expect(starting).rejects.toMatchObject({
    code: 'MAIL_E_START',
    cause: { message: `root: ${root} leads to no folder` },
  })
  await using host = await createTestHost({
    plugins: [maildir({ root: '/', path: `${root.slice(1)}/{user}` })],
    dataDir,
  })
  await expectCode(host.service(store).open(account), 'MAIL_E_UNAVAILABLE')
})
