import { describe, expect, onTestFinished, test } from 'vitest'
import {
  type ImapTest,
  type ImapTestClient,
  startImapTest,
} from '../../../../test/support/imap/imap-session.ts'

const message = 'Subject: one\n\ntext\n'
const append = 'APPEND INBOX {3+}\r\na\r\n'

interface Setting {
  readonly system: ImapTest
  readonly client: ImapTestClient
  /** Another session with the same mailbox selected. */
  readonly other: ImapTestClient
}

/** Two sessions with the same three messages; the first one has given a command, by which it is not told of everything. */
async function started(command: string): Promise<Setting> {
  const system = await startImapTest()
  onTestFinished(() => system[Symbol.asyncDispose]())
  await system.deliver('INBOX', message, message, message)
  const [client, other] = [await system.connect(), await system.connect()]
  await client.ok('SELECT INBOX (CONDSTORE)')
  await other.ok('SELECT INBOX')
  await client.ok(command)
  return { system, client, other }
}

const withoutMessages = [
  'NOTIFY NONE',
  'NOTIFY SET (PERSONAL (MessageNew MessageExpunge))',
  'NOTIFY SET (SELECTED NONE)',
]
const withoutFlags = 'NOTIFY SET (SELECTED (MessageNew MessageExpunge))'

describe.each([...withoutMessages, withoutFlags])('after %s', (command) => {
  test('who asks for flags is told those of now', async () => {
    const { client, other } = await started(command)
    await other.ok('STORE 2 +FLAGS (\\Flagged)')
    expect((await client.ok('FETCH 2 (FLAGS)'))[0]).toBe('2 FETCH (FLAGS (\\Flagged))')
    await other.ok('STORE 3 +FLAGS (\\Flagged)')
    expect((await client.ok('SEARCH FLAGGED'))[0]).toBe('SEARCH 2 3')
    await other.ok('STORE 1 +FLAGS (\\Flagged)')
    expect((await client.ok('ESEARCH RETURN (COUNT) FLAGGED'))[0]).toMatch(/ COUNT 3$/)
    const changed = await client.ok('UID FETCH 1:* (FLAGS) (CHANGEDSINCE 2)')
    expect(changed.flatMap((line) => /^\d FETCH/.exec(line) ?? [])).toEqual(['1 FETCH', '2 FETCH', '3 FETCH'])
  })

  test('a search that is followed learns of flags that the client has asked for', async () => {
    const { client, other } = await started('UID SEARCH RETURN (ALL UPDATE) UNFLAGGED')
    await client.ok(command)
    await other.ok('STORE 2 +FLAGS (\\Flagged)')
    const lines = [...(await client.ok('NOOP')), ...(await client.ok('FETCH 2 (FLAGS)'))]
    expect(lines.filter((line) => line.startsWith('ESEARCH'))).toEqual([
      expect.stringMatching(/^ESEARCH \(TAG "\w+"\) UID REMOVEFROM \(0 2\)$/),
    ])
    const later = await client.ok('NOTIFY SET (SELECTED (MessageNew MessageExpunge FlagChange))')
    expect([...later, ...(await client.ok('NOOP'))]).toEqual([])
  })

  test('what was withheld is told of as soon as it is wanted again', async () => {
    const { client, other } = await started(command)
    await other.ok('STORE 2 +FLAGS (\\Flagged)')
    await client.ok('SEARCH ALL')
    await client.ok('NOOP')
    expect(await client.ok('NOTIFY SET (SELECTED (MessageNew MessageExpunge FlagChange))')).toEqual([
      expect.stringMatching(/^2 FETCH \(UID 2 FLAGS \(\\Flagged\) MODSEQ \(\d+\)\)$/),
    ])
  })
})

describe.each(withoutMessages)('after %s messages and their numbers stay as they were', (command) => {
  test('whatever is done by others', async () => {
    const { client, other } = await started(command)
    await other.ok('STORE 2 +FLAGS (\\Deleted)')
    await other.ok('EXPUNGE')
    await other.ok(append)
    expect(await client.ok('NOOP')).toEqual([])
    for (const each of ['COPY 1 INBOX.x', 'COPY 1 Other', 'EXPUNGE', 'UID SEARCH ALL']) {
      const { untagged } = await client.command(each)
      expect(untagged.filter((line) => /EXISTS|EXPUNGE|RECENT/.test(line))).toEqual([])
    }
    expect(await client.ok('FETCH 3 (UID)')).toEqual(['3 FETCH (UID 3)'])
  })

  test('but the client is told what it removes itself', async () => {
    const { client, other } = await started(command)
    await other.ok('STORE 1 +FLAGS (\\Deleted)')
    await other.ok('EXPUNGE')
    await client.ok('UID STORE 2 +FLAGS (\\Deleted)')
    const expunged = await client.ok('EXPUNGE')
    expect(expunged.filter((line) => line.endsWith('EXPUNGE'))).toEqual(['2 EXPUNGE'])
    expect((await client.ok('FETCH 2 (UID)'))[0]).toBe('2 FETCH (UID 3)')
  })

  test('and what it takes along by a RENAME of INBOX', async () => {
    const { client, other } = await started(command)
    await other.ok('STORE 1 +FLAGS (\\Deleted)')
    await other.ok('EXPUNGE')
    await client.ok('NOOP')
    const renamed = await client.ok('RENAME INBOX Taken')
    expect(renamed.filter((line) => line.endsWith('EXPUNGE'))).toEqual(['3 EXPUNGE', '2 EXPUNGE'])
    expect((await client.ok('UID SEARCH ALL')).filter((line) => /^SEARCH .*[23]/.test(line))).toEqual([])
    expect(await client.ok('STATUS Taken (MESSAGES)')).toEqual(['STATUS Taken (MESSAGES 2)'])
  })

  test('and what it puts in itself, with all that came before', async () => {
    const { client, other } = await started(command)
    await other.ok(append)
    expect(await client.ok('NOOP')).toEqual([])
    const appended = await client.ok(append)
    expect(appended.filter((line) => line.endsWith('EXISTS'))).toEqual(['5 EXISTS'])
    await other.ok(append)
    expect((await client.ok('NOOP')).filter((line) => line.endsWith('EXISTS'))).toEqual([])
  })
})

describe('how far the client was told of everything (RFC 7162 §6)', () => {
  const told = (lines: readonly string[]): readonly string[] =>
    lines.filter((line) => line.includes('HIGHESTMODSEQ') && line.startsWith('OK'))

  test('is said once, and no more once all was asked for that was withheld', async () => {
    const { client, other } = await started(withoutFlags)
    await other.ok('STORE 2 +FLAGS (\\Flagged)')
    expect(told(await client.ok('FETCH 2 (MODSEQ)'))).toHaveLength(1)
    expect(told(await client.ok('NOOP'))).toEqual([])
    expect(told(await client.ok('FETCH 2 (UID)'))).toEqual([])
    const [line, ...rest] = await client
      .ok('UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1)')
      .then((lines) => [lines.find((each) => each.startsWith('2 FETCH')), ...told(lines)])
    expect(line).toContain('\\Flagged')
    expect(rest).toEqual([])
    expect(told(await client.ok('STORE 1 +FLAGS (\\Seen)'))).toEqual([])
  })

  test('is said no more where STORE has told what was withheld', async () => {
    const { client, other } = await started(withoutFlags)
    await other.ok('STORE 2 +FLAGS (\\Flagged)')
    const stored = await client.ok('STORE 2 +FLAGS (\\Seen)')
    expect(stored[0]).toContain('FLAGS (\\Flagged \\Seen)')
    expect(told(stored)).toEqual([])
  })

  test('is said where STATUS tells a higher one', async () => {
    const { client, other } = await started('NOTIFY NONE')
    await other.ok('STORE 2 +FLAGS (\\Flagged)')
    const lines = await client.ok('STATUS INBOX (HIGHESTMODSEQ)')
    expect(lines[0]).toMatch(/^STATUS INBOX \(HIGHESTMODSEQ \d+\)$/)
    expect(told(lines)).toHaveLength(1)
  })
})
