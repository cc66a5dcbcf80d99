import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import {
  type ImapTest,
  type ImapTestClient,
  startImapTest,
} from '../../../../test/support/imap/imap-session.ts'

let system: ImapTest
let one: ImapTestClient
let other: ImapTestClient

beforeEach(async () => {
  system = await startImapTest()
  onTestFinished(() => system[Symbol.asyncDispose]())
  await system.deliver('INBOX', ...[1, 2, 3].map((number) => `Subject: ${number}\n\n`))
  one = await system.connect()
  other = await system.connect()
  for (const client of [one, other]) await client.ok('SELECT INBOX')
})

async function left(): Promise<readonly number[]> {
  return (await system.mail.openMailbox('INBOX')).entries.map(({ uid }) => uid)
}

describe('CLOSE (RFC 9051 §6.4.1)', () => {
  it('removes what is marked, without a word', async () => {
    await one.ok('STORE 1:2 +FLAGS.SILENT (\\Deleted)')
    expect(await one.ok('CLOSE')).toEqual([])
    expect(await left()).toEqual([3])
  })

  it('leaves what others have spared meanwhile, and removes what they have marked', async () => {
    await one.ok('STORE 1:2 +FLAGS.SILENT (\\Deleted)')
    await other.ok('STORE 1 -FLAGS.SILENT (\\Deleted)')
    await other.ok('STORE 3 +FLAGS.SILENT (\\Deleted)')
    await one.ok('CLOSE')
    expect(await left()).toEqual([1])
  })
})

describe('a SELECT that fails (RFC 9051 §6.3.2)', () => {
  it.each(['SELECT "&bad"', 'EXAMINE "&bad"', 'SELECT "a//b"', 'SELECT nowhere'])(
    '%s leaves no mailbox selected',
    async (command) => {
      const { untagged, tagged } = await one.command(command)
      expect(tagged).toMatch(/^NO /)
      expect(untagged).toEqual(['OK [CLOSED] The mailbox before is closed'])
      expect((await one.command('FETCH 1 UID')).tagged).toMatch(/^BAD /)
    },
  )

  it('one that is none of the protocol changes nothing', async () => {
    expect((await one.command('SELECT')).tagged).toMatch(/^BAD /)
    await one.ok('FETCH 1 UID')
  })
})
