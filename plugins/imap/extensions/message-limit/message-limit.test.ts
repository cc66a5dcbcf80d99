import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import {
  type ImapTest,
  type ImapTestClient,
  startImapTest,
} from '../../../../test/support/imap/imap-session.ts'

const count = 600

/** A session with `messages` messages selected. */
async function limitedTo(
  options: object,
  messages: number,
): Promise<readonly [client: ImapTestClient, system: ImapTest]> {
  const system = await startImapTest({ options })
  onTestFinished(() => system[Symbol.asyncDispose]())
  await system.deliver('INBOX', ...Array.from({ length: messages }, (_, at) => `Subject: ${at + 1}\n\n`))
  const client = await system.connect()
  await client.ok('SELECT INBOX')
  return [client, system]
}

describe('a limit of all commands (RFC 9738)', () => {
  let client: ImapTestClient
  let system: ImapTest
  beforeEach(async () => {
    ;[client, system] = await limitedTo({ maxMessagesPerCommand: 2 }, 3)
  })

  it('is told', async () => {
    expect((await client.ok('CAPABILITY'))[0]).toMatch(/ MESSAGELIMIT=2(?: |$)/)
  })

  it('lets COPY of more fail as a whole, with the UID of the lowest that one could have', async () => {
    expect((await client.command('COPY 1:3 INBOX')).tagged).toMatch(/^NO \[MESSAGELIMIT 2 2\] /)
    expect((await client.command('UID COPY 1:2 INBOX')).tagged).toMatch(/^OK \[COPYUID /)
  })

  it('has FETCH answer the highest UIDs, from the highest on', async () => {
    const { untagged, tagged } = await client.command('FETCH 1:3 UID')
    expect(untagged).toEqual(['3 FETCH (UID 3)', '2 FETCH (UID 2)'])
    expect(tagged).toMatch(/^OK \[MESSAGELIMIT 2 2\] /)
    expect((await client.command('FETCH 1:2 UID')).tagged).toMatch(/^OK Fetched/)
    const read = await client.command('UID FETCH 1:* BODY[TEXT]')
    expect(read.untagged.map((line) => line.slice(0, 15))).toEqual(['3 FETCH (UID 3 ', '2 FETCH (UID 2 '])
    expect(await client.ok('FETCH 1 FLAGS')).toEqual(['1 FETCH (FLAGS ())'])
  })

  it('refuses a range of more', async () => {
    const { untagged, tagged } = await client.command('UID FETCH 1:* FLAGS (PARTIAL 1:3)')
    expect(untagged).toEqual([])
    expect(tagged).toMatch(/^NO \[MESSAGELIMIT 2\] /)
    expect(await client.ok('UID FETCH 1:* FLAGS (PARTIAL 1:2)')).toHaveLength(2)
  })

  it('tells of messages that are gone in the tagged response, and of itself before', async () => {
    await (await system.mail.openMailbox('INBOX')).expunge([3])
    const { untagged, tagged } = await client.command('FETCH 1:3 BODY.PEEK[]')
    expect(untagged.at(-1)).toMatch(/^NO \[MESSAGELIMIT 2 2\] /)
    expect(tagged).toMatch(/^OK \[EXPUNGEISSUED\] /)
  })

  it('has STORE change the highest UIDs', async () => {
    const { untagged, tagged } = await client.command('STORE 1:3 +FLAGS (\\Seen)')
    expect(untagged.map((line) => line.slice(0, 7))).toEqual(['3 FETCH', '2 FETCH'])
    expect(tagged).toMatch(/^OK \[MESSAGELIMIT 2 2\] /)
    expect(await client.ok('SEARCH UNSEEN')).toEqual(['SEARCH 1'])
  })

  it('tells of what STORE left unchanged in the tagged response, and of itself before', async () => {
    await client.ok('ENABLE CONDSTORE')
    await (await system.mail.openMailbox('INBOX')).changeFlags([3], { add: ['\\Flagged'] })
    const { untagged, tagged } = await client.command('UID STORE 1:3 (UNCHANGEDSINCE 1) +FLAGS (\\Seen)')
    expect(tagged).toMatch(/^OK \[MODIFIED [\d:,]+\] /)
    expect(untagged).toContainEqual(expect.stringMatching(/^NO \[MESSAGELIMIT 2 2\] /))
  })

  it('has MOVE take the highest UIDs, and goes on where it is given again', async () => {
    await system.mail.createMailbox('Archive')
    await client.ok('ENABLE CONDSTORE')
    const { untagged, tagged } = await client.command('UID MOVE 1:3 Archive')
    expect(untagged).toEqual([
      expect.stringMatching(/^OK \[COPYUID \d+ 2:3 1:2\] /),
      '3 EXPUNGE',
      '2 EXPUNGE',
      expect.stringMatching(/^OK \[HIGHESTMODSEQ /),
    ])
    expect(tagged).toMatch(/^OK \[MESSAGELIMIT 2 2\] /)
    expect((await client.command('UID MOVE 1:3 Archive')).tagged).toMatch(/ Moved$/)
  })

  it('refuses THREAD and SORT of more (RFC 9738 §3.3)', async () => {
    for (const command of [
      'THREAD REFERENCES UTF-8',
      'UID THREAD ORDEREDSUBJECT UTF-8',
      'SORT (ARRIVAL) UTF-8',
    ]) {
      const { untagged, tagged } = await client.command(`${command} ALL`)
      expect(untagged).toEqual([])
      expect(tagged).toMatch(/^NO \[MESSAGELIMIT 2\] /)
      expect(await client.ok(`${command} UID 1:2`)).toHaveLength(1)
    }
  })

  it('does not hold for what is only counted', async () => {
    for (const [command, told] of [
      ['UID SEARCH RETURN (COUNT)', 'COUNT 3'],
      ['UID SEARCH RETURN (MIN MAX COUNT)', 'MIN 1 MAX 3 COUNT 3'],
      ['UID SORT RETURN (COUNT) (REVERSE ARRIVAL) UTF-8', 'COUNT 3'],
      ['UID SORT RETURN (PARTIAL 1:2 COUNT) (ARRIVAL) UTF-8', 'PARTIAL (1:2 1:2) COUNT 3'],
      ['ESEARCH RETURN (COUNT)', 'COUNT 3'],
    ]) {
      const { untagged, tagged } = await client.command(`${command} ALL`)
      expect(untagged).toEqual([expect.stringMatching(new RegExp(` UID ${told?.replace(/[()]/g, '.')}$`))])
      expect(tagged).toMatch(/^OK Searched/)
    }
  })

  it.each(['UID SEARCH', 'ESEARCH'])(
    'has %s tell of the highest UIDs, and count only these',
    async (command) => {
      const { untagged, tagged } = await client.command(`${command} RETURN (ALL COUNT) ALL`)
      expect(untagged).toEqual([expect.stringMatching(/ UID ALL 2:3 COUNT 2$/)])
      expect(tagged).toMatch(/^OK \[MESSAGELIMIT 2 2\] /)
      await client.command(`${command} RETURN (SAVE) ALL`)
      expect(await client.ok('UID SEARCH $')).toEqual(['SEARCH 2 3'])
    },
  )

  it('holds for UID EXPUNGE, but not for EXPUNGE', async () => {
    await client.command('STORE 2:3 +FLAGS.SILENT (\\Deleted)')
    await client.ok('STORE 1 +FLAGS.SILENT (\\Deleted)')
    expect((await client.command('UID EXPUNGE 1:3')).tagged).toMatch(/^OK \[MESSAGELIMIT 2 2\] /)
    await system.deliver('INBOX', 'a: b\n\n', 'a: b\n\n')
    await client.ok('NOOP')
    await client.command('STORE 2:3 +FLAGS.SILENT (\\Deleted)')
    const { untagged, tagged } = await client.command('EXPUNGE')
    expect(untagged).toHaveLength(3)
    expect(tagged).toMatch(/^OK Expunged/)
  })
})

it('may be one of saving alone', async () => {
  const [client, system] = await limitedTo({ maxMessagesPerSave: 1 }, 2)
  const [capabilities] = await client.ok('CAPABILITY')
  expect(capabilities).toMatch(/ SAVELIMIT=1(?: |$)/)
  expect(capabilities).not.toContain('MESSAGELIMIT')
  expect((await client.command('COPY 1:2 INBOX')).tagged).toMatch(/^NO \[MESSAGELIMIT 1 2\] /)
  expect((await client.command('APPEND INBOX {1+}\r\na {1+}\r\nb')).tagged).toMatch(/^NO \[MESSAGELIMIT 1\] /)
  await system.mail.createMailbox('Archive')
  expect(await client.ok('FETCH 1:2 UID')).toHaveLength(2)
  expect((await client.command('MOVE 1:2 Archive')).tagged).toMatch(/^OK /)
})

it('keeps its order over many messages', async () => {
  const [client] = await limitedTo({ maxMessagesPerCommand: count - 1 }, count)
  const expected = Array.from({ length: count - 1 }, (_, at) => `${count - at} FETCH (UID ${count - at}`)
  for (const items of ['UID', '(UID RFC822.SIZE BODY.PEEK[TEXT])']) {
    const { untagged, tagged } = await client.command(`FETCH 1:* ${items}`)
    expect(untagged.map((line) => /^\d+ FETCH \(UID \d+/.exec(line)?.[0])).toEqual(expected)
    expect(tagged).toMatch(/^OK \[MESSAGELIMIT 599 2\] /)
  }
})

it('has searches for what is above and below it', async () => {
  const [client, system] = await limitedTo({}, 5)
  await (await system.mail.openMailbox('INBOX')).expunge([2])
  await client.ok('NOOP')
  expect(await client.ok('UID SEARCH UIDAFTER 3')).toEqual(['SEARCH 4 5'])
  expect(await client.ok('UID SEARCH UIDBEFORE 3')).toEqual(['SEARCH 1'])
  expect(await client.ok('UID SEARCH UIDAFTER 5')).toEqual(['SEARCH'])
  expect(await client.ok('UID SEARCH UIDAFTER 4294967295')).toEqual(['SEARCH'])
  expect(await client.ok('UID SEARCH UIDBEFORE 1')).toEqual(['SEARCH'])
  expect(await client.ok('UID SEARCH NOT UIDAFTER 3 UIDBEFORE 4')).toEqual(['SEARCH 1 3'])
  for (const wrong of [
    'UIDAFTER',
    'UIDAFTER 0',
    'UIDBEFORE x',
    'UIDBEFORE 1:2',
    'UIDAFTER *',
    'UIDAFTER $,1',
  ])
    expect((await client.command(`UID SEARCH ${wrong}`)).tagged).toMatch(/^BAD /)
})

it('has searches for what is beyond a result that was saved (RFC 9738 §3.2)', async () => {
  const [client] = await limitedTo({}, 6)
  expect(await client.ok('UID SEARCH UIDAFTER $')).toEqual(['SEARCH'])
  expect(await client.ok('UID SEARCH UIDBEFORE $')).toEqual(['SEARCH'])
  await client.ok('UID SEARCH RETURN (SAVE) UID 3:4')
  expect(await client.ok('UID SEARCH UIDAFTER $')).toEqual(['SEARCH 5 6'])
  expect(await client.ok('SEARCH UIDBEFORE $ NOT 1')).toEqual(['SEARCH 2'])
  await client.ok('SEARCH RETURN (SAVE MIN) 1:2')
  expect(await client.ok('SEARCH UIDBEFORE $')).toEqual(['SEARCH'])
  expect(await client.ok('SEARCH UIDAFTER $ 1:3')).toEqual(['SEARCH 2 3'])
})
