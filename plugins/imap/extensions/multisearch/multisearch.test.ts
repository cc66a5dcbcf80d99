import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type ImapTest,
  type ImapTestClient,
  startImapTest,
} from '../../../../test/support/imap/imap-session.ts'

const other = 'ann@example.org'
let system: ImapTest
let validity: ReadonlyMap<string, number>

beforeAll(async () => {
  system = await startImapTest({ others: [other] })
  const names = ['INBOX', 'Work', 'Work/a', 'Work/a/b', 'Workshop', 'Empty', 'Grüße']
  const validities = new Map<string, number>()
  for (const name of names) {
    if (name !== 'INBOX') await system.mail.createMailbox(name)
    if (name !== 'Empty')
      await system.deliver(name, `Subject: ${name.length}\n\nin\n`, 'Subject: no\n\nout\n')
    validities.set(name, (await system.mail.status(name)).uidValidity)
  }
  await system.mail.subscribe('Workshop', true)
  await system.mail.subscribe('Missing', true)
  validity = validities
})
afterAll(() => system[Symbol.asyncDispose]())

/** Names of the mailboxes that an ESEARCH of all messages answers for. */
async function searched(client: ImapTestClient, sources: string): Promise<readonly string[]> {
  const lines = await client.ok(`ESEARCH IN (${sources}) BODY in`)
  return lines.map((line) => {
    const [, name = '', uidValidity] =
      /^ESEARCH \(TAG "t\d+" MAILBOX (\S+) UIDVALIDITY (\d+)\) UID ALL 1$/.exec(line) ?? []
    const known = name === '"Gr&APwA3w-e"' || name === 'Gr&APwA3w-e' ? 'Grüße' : name
    expect(Number(uidValidity)).toBe(validity.get(known))
    return known
  })
}

describe('sources', () => {
  it.each([
    ['mailboxes Work', ['Work']],
    ['MAILBOXES (Work "Work/a" Missing Empty)', ['Work', 'Work/a']],
    ['mailboxes Gr&APwA3w-e', ['Grüße']],
    ['subtree Work', ['Work', 'Work/a', 'Work/a/b']],
    ['subtree-one Work', ['Work', 'Work/a']],
    ['subtree (Work/a Workshop)', ['Work/a', 'Work/a/b', 'Workshop']],
    ['subtree Missing', []],
    ['subscribed', ['Workshop']],
    ['personal', ['INBOX', 'Grüße', 'Work', 'Work/a', 'Work/a/b', 'Workshop']],
    ['inboxes', ['INBOX', 'Grüße', 'Work', 'Work/a', 'Work/a/b', 'Workshop']],
    ['mailboxes Work subtree Work mailboxes (INBOX inbox)', ['Work', 'Work/a', 'Work/a/b', 'INBOX']],
    ['subtree-one ""', ['INBOX', 'Grüße', 'Work', 'Workshop']],
  ])('%s', async (sources, names) => {
    const client = await system.connect()
    const found = await searched(client, sources)
    expect([...found].sort()).toEqual([...names].sort())
  })

  it('the selected mailbox, by its name or as such', async () => {
    const client = await system.connect()
    await client.ok('SELECT Work')
    expect(await searched(client, 'selected')).toEqual(['Work'])
    expect(await searched(client, 'mailboxes INBOX selected')).toEqual(['INBOX', 'Work'])
    expect(await searched(client, 'mailboxes Work selected')).toEqual(['Work'])
    const [line] = await client.ok('ESEARCH SUBJECT 4')
    expect(line).toBe(`ESEARCH (TAG "t6" MAILBOX Work UIDVALIDITY ${validity.get('Work')}) UID ALL 1`)
  })
})

it('options are those of SEARCH, for each mailbox', async () => {
  const client = await system.connect()
  const lines = await client.ok(
    'ESEARCH IN (subtree Work) RETURN (MIN COUNT PARTIAL -1:-1) CHARSET UTF-8 ALL',
  )
  expect(lines).toHaveLength(3)
  for (const line of lines) expect(line).toMatch(/\) UID MIN 1 COUNT 2 PARTIAL \(-1:-1 2\)$/)
  // RFC 7377 §2: numbers beyond the end are no mistake, and no mailbox where nothing is found is answered for.
  expect(await client.ok('ESEARCH IN (personal) RETURN (COUNT) 100:200')).toEqual([])
  expect(await client.ok('ESEARCH IN (personal) RETURN (MAX) $')).toEqual([])
  expect(await client.ok('ESEARCH IN (mailboxes Work) RETURN (CONTEXT COUNT) 2:*')).toHaveLength(1)
})

describe('mailboxes of others', () => {
  // RFC 7377 §2.2: the right to read, and where the client has not named it itself, also the right to see it.
  it.each([
    ['lr', true, true],
    ['r', true, false],
    ['l', false, false],
    ['', false, false],
  ] as const)('with the rights "%s"', async (rights, isNamed, isListed) => {
    await using shared = await startImapTest({ others: [other] })
    await shared.mail.createMailbox('Work')
    await shared.mail.setAccess('Work', other, rights)
    await shared.deliver('Work', 'Subject: x\n\n')
    const client = await shared.connect(other)
    const root = 'Other Users/tim@example.org'
    expect(await client.ok(`ESEARCH IN (mailboxes "${root}/Work") ALL`)).toHaveLength(isNamed ? 1 : 0)
    expect(await client.ok(`ESEARCH IN (subtree "${root}") ALL`)).toHaveLength(isListed ? 1 : 0)
    expect(await client.ok('ESEARCH IN (personal) ALL')).toEqual([])
  })
})

it('names no more than 1,000 mailboxes', async () => {
  const client = await system.connect()
  const named = (count: number): string => Array.from({ length: count }, (_, index) => `m${index}`).join(' ')
  expect((await client.command(`ESEARCH IN (subtree (${named(1_001)})) ALL`)).tagged).toMatch(
    /^NO \[LIMIT\] /,
  )
  const same = Array.from({ length: 1_500 }, () => '""').join(' ')
  expect((await client.command(`ESEARCH IN (subtree (${same})) ALL`)).tagged).toMatch(/^OK /)
})

it('a search that is too complicated is refused', async () => {
  const client = await system.connect()
  const texts = Array.from({ length: 201 }, (_, index) => `TEXT a${index}`).join(' ')
  expect((await client.command(`ESEARCH IN (personal) ${texts}`)).tagged).toMatch(/^NO \[LIMIT\]/)
})

it('SAVE is for the selected mailbox alone', async () => {
  const client = await system.connect()
  await client.ok('SELECT Work')
  expect(await client.ok('ESEARCH RETURN (SAVE) SUBJECT no')).toEqual([])
  expect(await client.ok('SEARCH $')).toEqual(['SEARCH 2'])
  expect(await client.ok('ESEARCH IN (selected) RETURN (SAVE COUNT) SUBJECT missing')).toEqual([])
  expect(await client.ok('SEARCH $')).toEqual(['SEARCH'])
  expect((await client.command('ESEARCH IN (mailboxes Work) RETURN (SAVE) ALL')).tagged).toMatch(/^BAD/)
  expect((await client.command('ESEARCH IN (selected personal) RETURN (SAVE) ALL')).tagged).toMatch(/^BAD/)
})

it('UPDATE is of the selected mailbox', async () => {
  const client = await system.connect()
  expect((await client.command('ESEARCH IN (mailboxes Empty) RETURN (UPDATE) ALL')).tagged).toMatch(/^BAD/)
  await client.ok('SELECT Empty')
  expect(await client.ok('ESEARCH IN (mailboxes (Work Empty)) RETURN (UPDATE COUNT) ALL')).toHaveLength(1)
  await system.deliver('Empty', 'Subject: new\n\n')
  expect(await client.ok('NOOP')).toEqual([
    '1 EXISTS',
    `ESEARCH (TAG "t4" MAILBOX Empty UIDVALIDITY ${validity.get('Empty')}) UID ADDTO (0 1)`,
  ])
})

it.each([
  'ESEARCH',
  'ESEARCH ALL',
  'ESEARCH IN (selected) ALL',
  'ESEARCH IN () ALL',
  'ESEARCH IN (personal)',
  'ESEARCH IN (personal) RETURN (ALL)',
  'ESEARCH IN (bogus) ALL',
  'ESEARCH IN (selected-delayed) ALL',
  'ESEARCH IN (mailboxes) ALL',
  'ESEARCH IN (mailboxes ()) ALL',
  'ESEARCH IN (personal (depth 1)) ALL',
  'ESEARCH IN personal ALL',
])('%s is a mistake', async (command) => {
  const client = await system.connect()
  expect((await client.command(command)).tagged).toMatch(/^BAD/)
})

it('a limit of messages ends it', async () => {
  await using limited = await startImapTest({ options: { maxMessagesPerCommand: 1 } })
  await limited.mail.createMailbox('a')
  await limited.mail.createMailbox('b')
  for (const name of ['INBOX', 'a', 'b']) await limited.deliver(name, 'Subject: x\n\n')
  const client = await limited.connect()
  const { untagged, tagged } = await client.command('ESEARCH IN (personal) ALL')
  expect(untagged).toHaveLength(2)
  expect(tagged).toMatch(/^OK \[LIMIT\]/)
  // There is no part that was not searched.
  expect((await client.command('ESEARCH IN (mailboxes (a b)) ALL')).tagged).toMatch(/^OK Searched/)
  const only = await client.command('ESEARCH IN (mailboxes b) ALL')
  expect([only.untagged.length, only.tagged.slice(0, 11)]).toEqual([1, 'OK Searched'])
})
