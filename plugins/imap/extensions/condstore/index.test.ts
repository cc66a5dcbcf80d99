import type { ImapFetchRequest, ImapSession, ImapStoreRequest } from 'mailwright/imap'
import { describe, expect, test } from 'vitest'
import { type ImapTestClient, startImapTest } from '../../../../test/support/imap/imap-session.ts'
import { Arguments } from '../../engine/arguments.ts'
import { condStore } from './index.ts'

const message = 'Subject: one\n\ntext\n'

/** Three messages with the mod-sequences 2 to 4 in a selected mailbox. */
async function selected() {
  const system = await startImapTest()
  for (let count = 0; count < 3; count += 1) await system.deliver('INBOX', message)
  const client = await system.connect()
  await client.ok('SELECT INBOX')
  return { client, system, [Symbol.asyncDispose]: () => system[Symbol.asyncDispose]() }
}

/** Whether unsolicited FETCH responses tell mod-sequences now. */
async function knowsModSequences(client: ImapTestClient): Promise<boolean> {
  if ((await client.ok('CAPABILITY')).length !== 1) throw new Error('more than the capabilities')
  const told = await client.ok('STORE 3 +FLAGS (\\Flagged)')
  return told.some((response) => response.includes('MODSEQ'))
}

describe('a client is told of mod-sequences once it', () => {
  test.each([
    ['enables CONDSTORE', 'ENABLE CONDSTORE'],
    ['selects with CONDSTORE', 'SELECT INBOX (CONDSTORE)'],
    ['examines with CONDSTORE', 'EXAMINE INBOX (CONDSTORE)'],
    ['asks for HIGHESTMODSEQ', 'STATUS INBOX (HIGHESTMODSEQ)'],
    ['fetches MODSEQ', 'FETCH 1 (MODSEQ)'],
    ['fetches what has changed', 'FETCH 1:* (UID) (CHANGEDSINCE 1)'],
    ['stores conditionally', 'STORE 1 (UNCHANGEDSINCE 1) +FLAGS (\\Seen)'],
    ['enables QRESYNC', 'ENABLE QRESYNC'],
    [
      'is told of arrivals with MODSEQ',
      'NOTIFY SET (selected (MessageNew (MODSEQ) MessageExpunge FlagChange))',
    ],
    ['is told of results with MODSEQ', 'UID SEARCH RETURN (UPDATE (MODSEQ)) ALL'],
  ])('%s', async (_, command) => {
    await using setting = await selected()
    const { client } = setting
    expect(await knowsModSequences(client)).toBe(false)
    await client.ok('STORE 3 -FLAGS (\\Flagged)')
    await client.ok(command)
    if (command.startsWith('EXAMINE')) await client.ok('SELECT INBOX')
    expect(await knowsModSequences(client)).toBe(true)
  })
})

test.each([
  'FETCH 1 (MODSEQ FOO)',
  'FETCH 99 (MODSEQ)',
  'FETCH 1 (UID) (CHANGEDSINCE 1 FOO)',
  'STORE 1 (UNCHANGEDSINCE 1) FLAGS',
  'STORE 99 (UNCHANGEDSINCE 1) FLAGS ()',
  'NOTIFY SET (selected (MessageNew (MODSEQ) FOO))',
])('%s, which is refused, makes nobody a client that knows of them', async (command) => {
  await using setting = await selected()
  const { untagged, tagged } = await setting.client.command(command)
  expect(untagged).toEqual([])
  expect(tagged).toMatch(/^(BAD|NO) /)
  expect(await knowsModSequences(setting.client)).toBe(false)
})

test('FETCH tells mod-sequences, and only of what has changed', async () => {
  await using setting = await selected()
  const { client } = setting
  // The first command of that kind is told where the mailbox is.
  expect(await client.ok('FETCH 1:2 (MODSEQ)')).toEqual([
    'OK [HIGHESTMODSEQ 4] Highest',
    '1 FETCH (MODSEQ (2))',
    '2 FETCH (MODSEQ (3))',
  ])
  expect(await client.ok('FETCH 1:* (FLAGS) (CHANGEDSINCE 3)')).toEqual(['3 FETCH (MODSEQ (4) FLAGS ())'])
  expect(await client.ok('UID FETCH 1:* (FLAGS) (CHANGEDSINCE 4)')).toEqual([])
  expect(await client.ok('UID FETCH 1:* (FLAGS) (changedsince 9223372036854775807)')).toEqual([])
  await client.ok('STORE 1 +FLAGS.SILENT (\\Seen)')
  expect(await client.ok('UID FETCH 1:* FLAGS (CHANGEDSINCE 4)')).toEqual([
    '1 FETCH (UID 1 MODSEQ (5) FLAGS (\\Seen))',
  ])
})

test('STORE leaves alone what has changed since, and names it', async () => {
  await using setting = await selected()
  const { client } = setting
  expect(await client.command('STORE 1:3 (UNCHANGEDSINCE 3) +FLAGS.SILENT (\\Deleted)')).toEqual({
    untagged: ['OK [HIGHESTMODSEQ 4] Highest', '1 FETCH (UID 1 MODSEQ (5))', '2 FETCH (UID 2 MODSEQ (5))'],
    tagged: 'OK [MODIFIED 3] Some of the messages had changed before',
  })
  await client.ok('STORE 1 -FLAGS (\\Deleted)')
  expect((await client.command('UID STORE 1:3 (UNCHANGEDSINCE 0) FLAGS ()')).tagged).toMatch(
    /^OK \[MODIFIED 1:3\]/,
  )
})

test.each([
  'FETCH 1 (UID) (CHANGEDSINCE)',
  'FETCH 1 (UID) (CHANGEDSINCE x)',
  'FETCH 1 (UID) (CHANGEDSINCE -1)',
  'FETCH 1 (UID) (CHANGEDSINCE 9223372036854775808)',
  'FETCH 1 (UID) (CHANGEDSINCE 1 CHANGEDSINCE 1)',
  'FETCH 1 (UID) CHANGEDSINCE 1',
  'FETCH 1 (MODSEQ 1)',
  'STORE 1 (UNCHANGEDSINCE) FLAGS ()',
  'STORE 1 (UNCHANGEDSINCE 1 UNCHANGEDSINCE 1) FLAGS ()',
  'STORE 1 (UNCHANGEDSINCE 1)',
  'SELECT INBOX (CONDSTORE 1)',
  'SELECT INBOX CONDSTORE',
])('%s is a mistake', async (command) => {
  await using setting = await selected()
  expect((await setting.client.command(command)).tagged).toMatch(/^BAD /)
})

describe('where the store has no mod-sequences (RFC 7162 §3.1.2.2)', () => {
  const session = {
    state: 'authenticated',
    enabled: new Set<string>(),
    server: { store: { supports: { modSequences: false } } },
  } as unknown as ImapSession
  const request = { session, unchangedSince: undefined } as unknown as ImapFetchRequest & ImapStoreRequest
  const args = () => new Arguments([' 5'], { utf8: false })

  test('none are offered or told', () => {
    expect(condStore.capabilities?.(session)).toEqual([])
    condStore.enables?.CONDSTORE?.(session)
    condStore.selectParameters?.CONDSTORE?.(args(), { session, whenOpen: () => undefined })
    expect([...session.enabled]).toEqual([])
  })

  test.each([
    ['FETCH MODSEQ', () => condStore.fetchItems?.MODSEQ?.(args(), session)],
    ['CHANGEDSINCE', () => condStore.fetchModifiers?.CHANGEDSINCE?.(args(), request)],
    ['UNCHANGEDSINCE', () => condStore.storeModifiers?.UNCHANGEDSINCE?.(args(), request)],
  ])('%s is a mistake', (_, use) => {
    expect(use).toThrow('There are no mod-sequences here')
  })
})
