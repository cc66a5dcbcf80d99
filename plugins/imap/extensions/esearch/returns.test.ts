import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type ImapTest,
  type ImapTestClient,
  startImapTest,
} from '../../../../test/support/imap/imap-session.ts'

let system: ImapTest

beforeAll(async () => {
  system = await startImapTest()
  await system.deliver('INBOX', ...Array.from({ length: 10 }, (_, index) => `Subject: ${index + 1}\n\nx\n`))
  // UIDs and numbers differ: 1 to 8 are 3 to 10.
  await expunge('INBOX', 1, 2)
})
afterAll(() => system[Symbol.asyncDispose]())

async function expunge(name: string, ...uids: readonly number[]): Promise<void> {
  const mailbox = await system.mail.openMailbox(name)
  await mailbox.expunge(uids)
  await mailbox.close()
}

async function selected(): Promise<ImapTestClient> {
  const client = await system.connect()
  await client.ok('SELECT INBOX')
  return client
}

describe('return options', () => {
  it.each([
    ['SEARCH RETURN (MIN) 2:5', 'MIN 2'],
    ['SEARCH RETURN (MAX) 2:5', 'MAX 5'],
    ['SEARCH RETURN (MIN MAX COUNT) 2:5', 'MIN 2 MAX 5 COUNT 4'],
    ['SEARCH RETURN (ALL) 2:4,7', 'ALL 2:4,7'],
    ['SEARCH RETURN () 2:4,7', 'ALL 2:4,7'],
    ['SEARCH return (all count) 2:4,7', 'ALL 2:4,7 COUNT 4'],
    ['SEARCH RETURN (COUNT) UID 100', 'COUNT 0'],
    ['SEARCH RETURN (MIN MAX ALL) NOT ALL', ''],
    ['SEARCH RETURN () NOT ALL', ''],
    ['SEARCH RETURN (MIN COUNT) CHARSET UTF-8 2:3', 'MIN 2 COUNT 2'],
    ['UID SEARCH RETURN (MIN MAX COUNT) 2:5', 'UID MIN 4 MAX 7 COUNT 4'],
    ['UID SEARCH RETURN (ALL) 2:4,7', 'UID ALL 4:6,9'],
    ['UID SEARCH RETURN (MIN) NOT ALL', 'UID'],
    ['UID SEARCH RETURN (PARTIAL 1:3) ALL', 'UID PARTIAL (1:3 3:5)'],
    ['UID SEARCH RETURN (PARTIAL 3:1) ALL', 'UID PARTIAL (1:3 3:5)'],
    ['SEARCH RETURN (PARTIAL -1:-3) ALL', 'PARTIAL (-1:-3 6:8)'],
    ['SEARCH RETURN (PARTIAL -3:-1) ALL', 'PARTIAL (-1:-3 6:8)'],
    ['SEARCH RETURN (PARTIAL -2:-2) ALL', 'PARTIAL (-2:-2 7)'],
    ['SEARCH RETURN (PARTIAL 7:100) ALL', 'PARTIAL (7:100 7:8)'],
    ['SEARCH RETURN (PARTIAL -7:-100) ALL', 'PARTIAL (-7:-100 1:2)'],
    ['SEARCH RETURN (PARTIAL 9:100) ALL', 'PARTIAL (9:100 NIL)'],
    ['SEARCH RETURN (PARTIAL -9:-100) ALL', 'PARTIAL (-9:-100 NIL)'],
    ['SEARCH RETURN (PARTIAL 1:2 COUNT MIN) ALL', 'PARTIAL (1:2 1:2) COUNT 8 MIN 1'],
    ['SEARCH RETURN (COUNT PARTIAL 1:2) NOT ALL', 'COUNT 0 PARTIAL (1:2 NIL)'],
  ])('%s', async (command, parts) => {
    const client = await selected()
    expect(await client.ok(command)).toEqual([`ESEARCH (TAG "t3")${parts === '' ? '' : ` ${parts}`}`])
  })

  it.each([
    'SEARCH RETURN (ALL ALL) ALL',
    'SEARCH RETURN (ALL PARTIAL 1:2) ALL',
    'SEARCH RETURN (PARTIAL 1:2 ALL) ALL',
    'SEARCH RETURN (PARTIAL 1:2 PARTIAL 3:4) ALL',
    'SEARCH RETURN (PARTIAL) ALL',
    'SEARCH RETURN (PARTIAL 0:5) ALL',
    'SEARCH RETURN (PARTIAL 1:*) ALL',
    'SEARCH RETURN (PARTIAL 1) ALL',
    'SEARCH RETURN (PARTIAL -1:5) ALL',
    'SEARCH RETURN (PARTIAL 1:-5) ALL',
    'SEARCH RETURN (PARTIAL 1:4294967296) ALL',
  ])('%s is a mistake', async (command) => {
    const client = await selected()
    expect((await client.command(command)).tagged).toMatch(/^BAD/)
  })

  it('MODSEQ is that of the messages that are told', async () => {
    const client = await selected()
    await client.ok('ENABLE CONDSTORE')
    const [of] = [(await system.mail.openMailbox('INBOX')).entries.map(({ modSequence }) => modSequence)]
    const highest = Math.max(...of)
    for (const [options, modSequence] of [
      ['MIN', of[0]],
      ['MAX', of.at(-1)],
      ['MIN MAX', Math.max(of[0] ?? 0, of.at(-1) ?? 0)],
      ['MIN COUNT', highest],
      ['ALL', highest],
      ['COUNT', highest],
      ['PARTIAL 2:3', Math.max(of[1] ?? 0, of[2] ?? 0)],
    ] as const) {
      const [line] = await client.ok(`SEARCH RETURN (${options}) MODSEQ 1`)
      expect([options, line?.replace(/.* MODSEQ /, '')]).toEqual([options, String(modSequence)])
    }
    expect(await client.ok('SEARCH RETURN (COUNT) MODSEQ 1 NOT ALL')).toEqual([
      expect.stringMatching(/COUNT 0$/),
    ])
  })
})

describe('the saved result', () => {
  it.each([
    ['SAVE', '2:5', '4 5 6 7', false],
    ['SAVE MIN', '2:5', '4', true],
    ['MAX SAVE', '2:5', '7', true],
    ['SAVE MIN MAX', '2:5', '4 7', true],
    ['SAVE MIN COUNT', '2:5', '4 5 6 7', true],
    ['SAVE ALL MIN', '2:5', '4 5 6 7', true],
    ['SAVE COUNT', 'NOT ALL', '', true],
    ['SAVE MIN', 'NOT ALL', '', true],
    // RFC 9394 §3.2
    ['SAVE PARTIAL 1:2', '2:5', '4 5', true],
    ['SAVE PARTIAL -1:-1 MIN', '2:5', '4 7', true],
    ['SAVE PARTIAL 1:1 MIN MAX', '2:5', '4 7', true],
    ['SAVE PARTIAL 1:1 COUNT', '2:5', '4 5 6 7', true],
    ['SAVE PARTIAL 9:9', '2:5', '', true],
  ])('%s', async (options, keys, uids, answers) => {
    const client = await selected()
    expect(await client.ok(`SEARCH RETURN (${options}) ${keys}`)).toHaveLength(answers ? 1 : 0)
    const numbers = uids === '' ? 'SEARCH' : `SEARCH ${uids}`
    expect(await client.ok('UID SEARCH $')).toEqual([numbers])
    expect(await client.ok('UID SEARCH UID $')).toEqual([numbers])
    expect(await client.ok('UID SEARCH OR $ 8')).toEqual([`${numbers} 10`])
  })

  it('stays unless it is saved anew, and is empty when that fails with NO', async () => {
    const client = await selected()
    await client.ok('SEARCH RETURN (SAVE) 1')
    expect((await client.command('SEARCH RETURN (SAVE) BOGUS')).tagged).toMatch(/^BAD/)
    expect((await client.command('SEARCH CHARSET KLINGON ALL')).tagged).toMatch(/^NO/)
    await client.ok('SEARCH RETURN (COUNT) 2')
    await client.ok('SEARCH 3')
    expect(await client.ok('SEARCH $')).toEqual(['SEARCH 1'])
    expect((await client.command('SEARCH RETURN (SAVE) CHARSET KLINGON ALL')).tagged).toMatch(/^NO/)
    expect(await client.ok('SEARCH $')).toEqual(['SEARCH'])
    expect(await client.ok('FETCH $ UID')).toEqual([])
  })

  it('ends with the mailbox', async () => {
    const client = await selected()
    await client.ok('SEARCH RETURN (SAVE) ALL')
    await client.ok('SELECT INBOX')
    expect(await client.ok('SEARCH $')).toEqual(['SEARCH'])
  })

  it('loses what is expunged', async () => {
    await system.mail.createMailbox('Short')
    await system.deliver('Short', 'Subject: a\n\n', 'Subject: b\n\n', 'Subject: c\n\n')
    const client = await system.connect()
    await client.ok('SELECT Short')
    await client.ok('SEARCH RETURN (SAVE) 1:2')
    await expunge('Short', 1)
    await client.ok('NOOP')
    expect(await client.ok('SEARCH $')).toEqual(['SEARCH 1'])
    expect(await client.ok('FETCH $ UID')).toEqual(['1 FETCH (UID 2)'])
  })
})

describe('FETCH with PARTIAL', () => {
  it.each([
    ['1:*', '1:2', '3 4'],
    ['1:*', '-1:-2', '9 10'],
    ['1:*', '-2:-1', '9 10'],
    ['4:6', '2:10', '5 6'],
    ['4:6', '7:9', ''],
  ])('UID FETCH %s (UID) (PARTIAL %s)', async (set, range, uids) => {
    const client = await selected()
    const fetched = await client.ok(`UID FETCH ${set} (UID) (PARTIAL ${range})`)
    expect(fetched.map((line) => /UID (\d+)/.exec(line)?.[1]).join(' ')).toBe(uids)
  })
})

it('of a window only what has changed is fetched (RFC 9394 §3.4)', async () => {
  const client = await selected()
  await client.ok('ENABLE CONDSTORE')
  const [changed] = await client.ok('UID STORE 5 FLAGS (\\Flagged)')
  const since =
    Number(
      /MODSEQ \((\d+)\)/.exec(changed ?? '')?.[1] ?? (await system.mail.status('INBOX')).highestModSequence,
    ) - 1
  const fetch = (modifiers: string): Promise<readonly string[]> =>
    client.ok(`UID FETCH 1:* (UID) (${modifiers})`)
  expect(await fetch(`PARTIAL 1:2 CHANGEDSINCE ${since}`)).toEqual([])
  expect(await fetch(`CHANGEDSINCE ${since} PARTIAL 1:3`)).toEqual([expect.stringContaining('UID 5')])
})

describe('a limit of messages', () => {
  it('only the highest UIDs are told, and the lowest of them', async () => {
    await using limited = await startImapTest({ options: { maxMessagesPerCommand: 3 } })
    await limited.deliver('INBOX', ...Array.from({ length: 5 }, () => 'Subject: x\n\n'))
    const client = await limited.connect()
    await client.ok('SELECT INBOX')
    expect(await client.command('SEARCH ALL')).toEqual({
      untagged: ['SEARCH 3 4 5'],
      tagged: expect.stringMatching(/^OK \[MESSAGELIMIT 3 3\] /),
    })
    expect((await client.command('UID SEARCH UID 3:*')).tagged).toBe('OK Searched')
    expect((await client.command('SEARCH RETURN (SAVE) ALL')).tagged).toMatch(/^OK \[MESSAGELIMIT 3 3\]/)
    expect(await client.ok('SEARCH $')).toEqual(['SEARCH 3 4 5'])
    expect((await client.command('SEARCH RETURN (MIN) ALL')).untagged[0]).toMatch(/MIN 1$/)
    expect((await client.command('SEARCH RETURN (PARTIAL 1:3) ALL')).tagged).toBe('OK Searched')
    expect((await client.command('SEARCH RETURN (PARTIAL 1:4) ALL')).tagged).toMatch(/^NO \[MESSAGELIMIT 3\]/)
  })
})
