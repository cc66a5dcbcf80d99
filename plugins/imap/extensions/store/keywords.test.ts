import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  type ImapTest,
  type ImapTestClient,
  startImapTest,
} from '../../../../test/support/imap/imap-session.ts'
import { mostKeywords } from '../../engine/keywords.ts'
import { Output } from '../../engine/output.ts'

let system: ImapTest
let client: ImapTestClient

beforeEach(async () => {
  system = await startImapTest()
  onTestFinished(() => system[Symbol.asyncDispose]())
  await system.deliver('INBOX', 'Subject: 1\n\nx')
  client = await system.connect()
  await client.ok('SELECT INBOX')
})

describe('keywords', () => {
  it('that are too long, or too many in one command, are no error of the syntax', async () => {
    for (const flags of ['k'.repeat(300), Array.from({ length: 101 }, (_, at) => `k${at}`).join(' ')])
      expect((await client.command(`STORE 1 +FLAGS (${flags})`)).tagged).toMatch(/^NO \[LIMIT\] /)
  })

  it('that are many let others have their turn more often', async () => {
    await system.deliver('INBOX', ...Array.from({ length: 40 }, () => 'Subject: x\n\nx'))
    await client.ok('NOOP')
    const looks = vi.spyOn(Output.prototype, 'ready')
    onTestFinished(() => looks.mockRestore())
    await client.ok('STORE 1:41 +FLAGS.SILENT (k0)')
    const few = looks.mock.calls.length
    await client.ok(`STORE 1:41 +FLAGS.SILENT (${Array.from({ length: 95 }, (_, at) => `k${at}`).join(' ')})`)
    expect(looks.mock.calls.length - few).toBeGreaterThan(few + 5)
  })

  it('end where a mailbox has very many, and those that are there can still be set', async () => {
    for (let from = 0; from < mostKeywords; from += 100) {
      const flags = Array.from({ length: 100 }, (_, at) => `k${from + at}`)
      await client.ok(`STORE 1 +FLAGS.SILENT (${flags.join(' ')})`)
    }
    expect((await client.command('STORE 1 +FLAGS (other)')).tagged).toMatch(/^NO \[LIMIT\] /)
    expect((await client.command('STORE 1 FLAGS (other)')).tagged).toMatch(/^NO \[LIMIT\] /)
    await client.ok('STORE 1 +FLAGS.SILENT (K1 \\Flagged)')
    const permanent = (await client.ok('SELECT INBOX')).find((line) => line.includes('PERMANENTFLAGS'))
    expect(permanent).not.toContain('\\*')
  })
})
