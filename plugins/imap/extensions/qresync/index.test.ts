import { describe, expect, test } from 'vitest'
import { type ImapTest, startImapTest } from '../../../../test/support/imap/imap-session.ts'

/** Ten messages; then 3, 4 and 9 are expunged, 6 is marked, 11 arrives. */
async function changed(): Promise<{ system: ImapTest; uidValidity: number; modSequence: number }> {
  const system = await startImapTest()
  await system.deliver('INBOX', ...Array.from({ length: 10 }, () => 'Subject: one\n\ntext\n'))
  const { uidValidity, highestModSequence } = await system.mail.status('INBOX')
  const mailbox = await system.mail.openMailbox('INBOX')
  await mailbox.expunge([3, 4, 9])
  await mailbox.changeFlags([6], { add: ['\\Flagged'] })
  await mailbox.close()
  await system.deliver('INBOX', 'Subject: eleven\n\ntext\n')
  return { system, uidValidity, modSequence: highestModSequence }
}

const flagged = expect.stringMatching(/^4 FETCH \(UID 6 FLAGS \(\\Flagged\) MODSEQ \(\d+\)\)$/)
const arrived = expect.stringMatching(/^8 FETCH \(UID 11 FLAGS \(\) MODSEQ \(\d+\)\)$/)

function changes(untagged: readonly string[]): readonly string[] {
  return untagged.filter((response) => / FETCH |VANISHED|UIDFETCH/.test(response))
}

describe('SELECT with QRESYNC', () => {
  test.each([
    ['', ['VANISHED (EARLIER) 3:4,9', flagged, arrived]],
    [' 1:5', ['VANISHED (EARLIER) 3:4']],
    [' 6:9', ['VANISHED (EARLIER) 9', flagged]],
    [' 5:6', [flagged]],
    // Message 3 is UID 5 now, not 3: something before it is gone; 2 is still 2.
    [' (1,2,3 1,2,3)', ['VANISHED (EARLIER) 3:4,9', flagged, arrived]],
    // Message 6 is UID 8: a client that knows that knows of all expunges before it.
    [' (2,6 2,8)', ['VANISHED (EARLIER) 9', flagged, arrived]],
    [' 1:100 (1:7 4:10)', [flagged, arrived]],
  ])('and "%s" tells what has changed', async (known, expected) => {
    const { system, uidValidity, modSequence } = await changed()
    await using _ = system
    const client = await system.connect()
    expect(await client.ok('ENABLE QRESYNC')).toEqual(['ENABLED QRESYNC'])
    const opened = await client.ok(`SELECT INBOX (QRESYNC (${uidValidity} ${modSequence}${known}))`)
    expect(changes(opened)).toEqual(expected)
    expect(opened).toContainEqual(expect.stringMatching(/^OK \[HIGHESTMODSEQ \d+\]/))
  })

  test('tells nothing of a mailbox that is another one now, or where nothing has changed', async () => {
    const { system, uidValidity } = await changed()
    await using _ = system
    const client = await system.connect()
    await client.ok('ENABLE QRESYNC CONDSTORE')
    expect(changes(await client.ok(`EXAMINE INBOX (QRESYNC (${uidValidity + 1} 1 1:20))`))).toEqual([])
    const { highestModSequence } = await system.mail.status('INBOX')
    const latest = `EXAMINE INBOX (CONDSTORE QRESYNC (${uidValidity} ${highestModSequence}))`
    expect(changes(await client.ok(latest))).toEqual([])
  })

  test('tells by UIDFETCH where only UIDs are in use', async () => {
    const { system, uidValidity, modSequence } = await changed()
    await using _ = system
    const client = await system.connect()
    await client.ok('ENABLE UIDONLY QRESYNC')
    const opened = await client.ok(`SELECT INBOX (QRESYNC (${uidValidity} ${modSequence} 1:10))`)
    expect(changes(opened)).toEqual([
      'VANISHED (EARLIER) 3:4,9',
      expect.stringMatching(/^6 UIDFETCH \(FLAGS \(\\Flagged\) MODSEQ \(\d+\)\)$/),
    ])
    const numbers = await client.command(`SELECT INBOX (QRESYNC (${uidValidity} 1 1:10 (1 1)))`)
    expect(numbers.tagged).toMatch(/^BAD \[UIDREQUIRED\]/)
  })

  test('is a mistake before ENABLE, and a refused one leaves the mailbox open that was', async () => {
    const { system, uidValidity } = await changed()
    await using _ = system
    const client = await system.connect()
    await client.ok('SELECT INBOX')
    expect((await client.command(`SELECT INBOX (QRESYNC (${uidValidity} 1))`)).tagged).toMatch(/^BAD /)
    expect(await client.ok('UID FETCH 1 (FLAGS)')).toHaveLength(1)
  })
})

describe('UID FETCH with VANISHED', () => {
  test('tells of expunges before messages, of the UIDs that were asked for', async () => {
    const { system, modSequence } = await changed()
    await using _ = system
    const client = await system.connect()
    await client.ok('ENABLE QRESYNC')
    await client.ok('SELECT INBOX')
    const fetch = (set: string) => client.ok(`UID FETCH ${set} (UID) (VANISHED CHANGEDSINCE ${modSequence})`)
    expect(await fetch('1:*')).toEqual([
      'VANISHED (EARLIER) 3:4,9',
      expect.stringMatching(/^4 FETCH \(MODSEQ \(\d+\) UID 6\)$/),
      expect.stringMatching(/^8 FETCH \(MODSEQ \(\d+\) UID 11\)$/),
    ])
    expect(await fetch('4:5')).toEqual(['VANISHED (EARLIER) 4'])
    expect(await fetch('1:2,5')).toEqual([])
  })

  test('tells of the last messages too', async () => {
    const { system } = await changed()
    await using _ = system
    const client = await system.connect()
    await client.ok('ENABLE QRESYNC')
    const { highestModSequence } = await system.mail.status('INBOX')
    const mailbox = await system.mail.openMailbox('INBOX')
    await mailbox.expunge([11])
    await client.ok('SELECT INBOX')
    expect(await client.ok(`UID FETCH 10:* (UID) (CHANGEDSINCE ${highestModSequence} VANISHED)`)).toEqual([
      'VANISHED (EARLIER) 11',
    ])
  })

  test.each([
    ['without CHANGEDSINCE', 'UID FETCH 1:* (FLAGS) (VANISHED)', true],
    ['with FETCH', 'FETCH 1:* (FLAGS) (CHANGEDSINCE 1 VANISHED)', true],
    ['before ENABLE QRESYNC', 'UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1 VANISHED)', false],
  ])('is a mistake %s', async (_, command, enable) => {
    await using system = await startImapTest()
    const client = await system.connect()
    if (enable) await client.ok('ENABLE QRESYNC')
    await client.ok('SELECT INBOX')
    await system.deliver('INBOX', 'Subject: one\n\ntext\n')
    await client.ok('NOOP')
    expect((await client.command(command)).tagged).toMatch(/^BAD /)
  })
})

test('expunges are told by VANISHED once it is enabled', async () => {
  const { system } = await changed()
  await using _ = system
  const client = await system.connect()
  await client.ok('ENABLE QRESYNC')
  await client.ok('SELECT INBOX')
  const mailbox = await system.mail.openMailbox('INBOX')
  await mailbox.expunge([1, 2, 7])
  expect(await client.ok('NOOP')).toEqual(['VANISHED 1:2,7'])
})
