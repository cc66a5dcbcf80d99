import { expect, it } from 'vitest'
import {
  type ImapTest,
  type ImapTestClient,
  startImapTest,
} from '../../../../test/support/imap/imap-session.ts'

async function started(): Promise<{ system: ImapTest; client: ImapTestClient }> {
  const system = await startImapTest()
  await system.deliver('INBOX', 'Subject: first\n\n')
  const client = await system.connect()
  await client.ok('SELECT INBOX')
  return { system, client }
}

async function told(client: ImapTestClient, count: number): Promise<readonly string[]> {
  const responses: string[] = []
  while (responses.length < count) responses.push((await client.response()).replace(/^\* /, ''))
  return responses
}

it('one FETCH tells what NOTIFY and searches want to know, before the results (RFC 5465 §5.2, §7)', async () => {
  const { system, client } = await started()
  await using _ = system
  await client.ok('SEARCH RETURN (UPDATE (FLAGS)) SUBJECT b')
  await client.ok('NOTIFY SET (SELECTED (MessageNew (UID) MessageExpunge FlagChange))')
  await client.ok('SEARCH RETURN (UPDATE (FLAGS RFC822.SIZE)) SUBJECT c')
  await system.deliver('INBOX', 'Subject: a\n\n', 'Subject: ab\n\n', 'Subject: abc\n\n', 'Subject: c\n\n')
  expect(await told(client, 7)).toEqual([
    '5 EXISTS',
    '2 FETCH (UID 2)',
    '3 FETCH (FLAGS () UID 3)',
    '4 FETCH (FLAGS () UID 4 RFC822.SIZE 16)',
    '5 FETCH (UID 5 FLAGS () RFC822.SIZE 14)',
    'ESEARCH (TAG "t3") ADDTO (0 3:4)',
    'ESEARCH (TAG "t5") ADDTO (0 4:5)',
  ])
  expect(await client.ok('NOOP')).toEqual([])
})

it('two searches by number, and one by UID', async () => {
  const { system, client } = await started()
  await using _ = system
  await client.ok('SEARCH RETURN (UPDATE (FLAGS)) ALL')
  await client.ok('UID SEARCH RETURN (UPDATE (RFC822.SIZE)) ALL')
  await client.ok('SEARCH RETURN (UPDATE) ALL')
  await system.deliver('INBOX', 'Subject: a\n\n')
  expect(await client.ok('NOOP')).toEqual([
    '2 EXISTS',
    '2 FETCH (UID 2 FLAGS () RFC822.SIZE 14)',
    'ESEARCH (TAG "t3") ADDTO (0 2)',
    'ESEARCH (TAG "t4") UID ADDTO (0 2)',
    'ESEARCH (TAG "t5") ADDTO (0 2)',
  ])
})

it('with UID and MODSEQ where the client knows of mod-sequences (RFC 7162 §3.2.4)', async () => {
  const { system, client } = await started()
  await using _ = system
  await client.ok('ENABLE CONDSTORE')
  await client.ok('SEARCH RETURN (UPDATE (FLAGS)) ALL')
  await system.deliver('INBOX', 'Subject: a\n\n')
  expect(await client.ok('NOOP')).toEqual([
    '2 EXISTS',
    expect.stringMatching(/^2 FETCH \(UID 2 MODSEQ \(\d+\) FLAGS \(\)\)$/),
    'ESEARCH (TAG "t4") ADDTO (0 2)',
  ])
})

it('nothing is fetched of what is found by its flags alone (RFC 5465 §7)', async () => {
  const { system, client } = await started()
  await using _ = system
  await client.ok('SEARCH RETURN (UPDATE (RFC822.SIZE)) FLAGGED')
  expect(await client.ok('STORE 1 +FLAGS.SILENT (\\Flagged)')).toEqual(['ESEARCH (TAG "t3") ADDTO (0 1)'])
})
