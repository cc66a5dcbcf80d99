import { expect, test } from 'vitest'
import { type ImapTestClient, startImapTest } from '../../../../test/support/imap/imap-session.ts'

async function opened(...messages: readonly string[]) {
  const system = await startImapTest()
  await system.deliver('INBOX', ...messages)
  const client = await system.connect()
  await client.ok('SELECT INBOX')
  return { client, [Symbol.asyncDispose]: () => system[Symbol.asyncDispose]() }
}

const utf8 = 'Subject: one\nContent-Type: text/plain; charset=utf-8\n\nGr\xc3\xbc\xc3\x9fe\n an alle\n'

test('tells the beginning of the text, and nothing where there is none', async () => {
  await using setting = await opened('Subject: one\n\nSo it  begins\nand goes on\n', 'Subject: empty\n\n')
  expect(await setting.client.ok('FETCH 1:2 PREVIEW')).toEqual([
    '1 FETCH (PREVIEW "So it begins and goes on")',
    // RFC 8970 §3.2: not NIL.
    '2 FETCH (PREVIEW "")',
  ])
})

test('is in UTF-8, in a form that the client takes', async () => {
  await using setting = await opened(utf8)
  const { client } = setting
  client.dialogue.send('a FETCH 1 PREVIEW')
  await client.dialogue.expect('* 1 FETCH (PREVIEW {15}')
  await client.dialogue.expect('Gr\u00fc\u00dfe an alle)')
  await client.dialogue.expect(/^a OK /)
  await client.ok('ENABLE UTF8=ACCEPT')
  expect(await client.ok('FETCH 1 (PREVIEW)')).toEqual(['1 FETCH (PREVIEW "Gr\u00fc\u00dfe an alle")'])
})

test.each([
  ['FETCH 1 PREVIEW (LAZY)', '1 FETCH (PREVIEW "text")'],
  ['FETCH 1 (preview (lazy) UID)', '1 FETCH (UID 1 PREVIEW "text")'],
  ['FETCH 1 (UID PREVIEW (LAZY LAZY))', '1 FETCH (UID 1 PREVIEW "text")'],
  ['FETCH 1 PREVIEW (CHANGEDSINCE 0)', '1 FETCH (MODSEQ (2) PREVIEW "text")'],
  ['FETCH 1 PREVIEW (LAZY) (CHANGEDSINCE 0)', '1 FETCH (MODSEQ (2) PREVIEW "text")'],
])('%s', async (command, answer) => {
  await using setting = await opened('Subject: one\n\ntext\n')
  expect((await setting.client.ok(command)).at(-1)).toBe(answer)
})

test.each([
  'FETCH 1 (PREVIEW (EAGER))',
  'FETCH 1 (PREVIEW ())',
  'FETCH 1 (PREVIEW (LAZY)',
  'FETCH 1 PREVIEW LAZY',
])('%s is a mistake', async (command) => {
  await using setting = await opened('Subject: one\n\ntext\n')
  const { client }: { client: ImapTestClient } = setting
  expect((await client.command(command)).tagged).toMatch(/^BAD /)
})
