import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import {
  type ImapTest,
  type ImapTestClient,
  startImapTest,
} from '../../../../test/support/imap/imap-session.ts'

let system: ImapTest
let client: ImapTestClient

beforeEach(async () => {
  system = await startImapTest()
  onTestFinished(() => system[Symbol.asyncDispose]())
  await system.deliver('INBOX', 'Subject: 1\n\nx')
  client = await system.connect()
  await client.ok('SELECT INBOX')
})

async function flags(): Promise<readonly string[]> {
  return (await system.mail.openMailbox('INBOX')).entries[0]?.flags ?? []
}

describe('\\Seen by FETCH (RFC 9051 §6.4.5)', () => {
  it.each(['BODY[]', '(BODY[] BODY.PEEK[])', '(BODY.PEEK[] BODY[])', 'RFC822', 'BODY[TEXT]<0.1>'])(
    'is set by %s, and told',
    async (items) => {
      expect((await client.ok(`FETCH 1 ${items}`)).join()).toContain('FLAGS (\\Seen)')
      expect(await flags()).toEqual(['\\Seen'])
    },
  )

  it('is told before what was read: programs take what stands behind a literal for a part of it', async () => {
    expect(await client.ok('UID FETCH 1 BODY[TEXT]')).toEqual([
      '1 FETCH (UID 1 FLAGS (\\Seen) BODY[TEXT] {1}\r\nx)',
    ])
    expect(await client.ok('FETCH 1 (BODY[TEXT] RFC822.SIZE FLAGS UID)')).toEqual([
      '1 FETCH (RFC822.SIZE 15 FLAGS (\\Seen) UID 1 BODY[TEXT] {1}\r\nx)',
    ])
  })

  it('stands before texts made of the message, which may have literals too', async () => {
    await system.deliver('INBOX', 'Subject: "2"\n\n\u00fc')
    await client.ok('NOOP')
    const [response = ''] = await client.ok(
      'FETCH 2 (PREVIEW BODY[TEXT] ENVELOPE RFC822.SIZE BODY UID FLAGS)',
    )
    expect(response).toMatch(
      /^2 FETCH \(RFC822\.SIZE \d+ UID 2 FLAGS \(.*\) PREVIEW .* ENVELOPE .* BODY \(.* BODY\[TEXT\] \{/s,
    )
  })

  it.each(['BODY.PEEK[]', 'RFC822.HEADER', 'BODY'])('is not set by %s', async (items) => {
    expect((await client.ok(`FETCH 1 ${items}`)).join()).not.toContain('FLAGS')
    expect(await flags()).toEqual([])
  })

  it('is set where somebody else has taken it away, of which the client does not know', async () => {
    await client.ok('FETCH 1 BODY[]')
    await (await system.mail.openMailbox('INBOX')).changeFlags([1], { remove: ['\\Seen'] })
    expect((await client.ok('FETCH 1 BODY[]')).join()).toContain('FLAGS (\\Seen)')
    expect(await flags()).toEqual(['\\Seen'])
  })
})
