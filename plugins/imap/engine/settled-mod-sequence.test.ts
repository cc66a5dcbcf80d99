import { type AccountStore, MailwrightError } from 'mailwright'
import { overlay } from 'mailwright/testing'
import { describe, expect, test } from 'vitest'
import { clientOverStore } from '../../../test/support/imap/imap-altered-store.ts'
import type { ImapTestClient } from '../../../test/support/imap/imap-session.ts'

const message = 'Subject: x\r\n\r\ntext\r\n'
const append = `APPEND INBOX {${message.length}+}\r\n${message}`

interface Troubles {
  refresh?: boolean
  /** What happens right before the next change of flags. */
  beforeFlags?: (() => Promise<unknown>) | undefined
}

/** Two sessions over a store that is late with telling of changes, which have the same four messages selected. */
async function started(enabling?: string, troubles: Troubles = {}) {
  const account = (inner: AccountStore): Partial<AccountStore> => ({
    watch: async () => ({ release: async () => undefined }),
    async openMailbox(name) {
      const opened = await inner.openMailbox(name)
      return overlay(opened, {
        async refresh() {
          if (troubles.refresh === true) throw new MailwrightError('MAIL_E_UNAVAILABLE', 'no disk')
          return await opened.refresh()
        },
        async changeFlags(...args) {
          const { beforeFlags } = troubles
          troubles.beforeFlags = undefined
          await beforeFlags?.()
          return await opened.changeFlags(...args)
        },
      })
    },
  })
  const system = await clientOverStore({ account })
  const { client, connect } = system
  const other = await connect()
  for (let count = 0; count < 4; count += 1) await other.ok(append)
  if (enabling !== undefined) await client.ok(`ENABLE ${enabling}`)
  for (const each of [client, other]) {
    await each.ok('SELECT INBOX')
    await each.ok('NOOP')
  }
  return { client, other, [Symbol.asyncDispose]: () => system[Symbol.asyncDispose]() }
}

const changes: readonly [string, (other: ImapTestClient) => Promise<unknown>, RegExp][] = [
  ['flags', (other) => other.ok('STORE 1 +FLAGS (\\Flagged)'), /^1 FETCH \(UID 1 FLAGS \(\\Flagged\) MODSEQ/],
  [
    'expunges',
    (other) => other.ok('STORE 4 +FLAGS (\\Deleted)').then(() => other.ok('EXPUNGE')),
    /^VANISHED 4$/,
  ],
  ['arrivals', (other) => other.ok(append), /^5 EXISTS$/],
]

describe('who is told of a mod-sequence is told of all lower ones before the command is over (RFC 7162 §6)', () => {
  test.each(changes)('by UID STORE, of %s', async (_, change, told) => {
    await using system = await started('QRESYNC')
    await change(system.other)
    const untagged = await system.client.ok('UID STORE 2 +FLAGS.SILENT (\\Answered)')
    expect(untagged[0]).toMatch(/^2 FETCH \(UID 2 MODSEQ \(\d+\)\)$/)
    expect(untagged.slice(1)).toEqual([expect.stringMatching(told)])
  })

  test.each(changes)('by a UID FETCH that marks a message, of %s', async (_, change, told) => {
    const troubles: Troubles = {}
    await using system = await started('QRESYNC', troubles)
    troubles.beforeFlags = () => change(system.other)
    const untagged = await system.client.ok('UID FETCH 2 BODY[TEXT]')
    expect(untagged[0]).toMatch(/^2 FETCH /)
    expect(untagged.slice(1)).toEqual([expect.stringMatching(told)])
  })

  test('or is told how far that goes, where expunges have to wait', async () => {
    await using system = await started('CONDSTORE')
    const { client, other } = system
    await other.ok('STORE 4 +FLAGS (\\Deleted)')
    await other.ok('EXPUNGE')
    expect((await client.ok('STORE 2 +FLAGS.SILENT (\\Answered)')).slice(1)).toEqual([
      'OK [HIGHESTMODSEQ 5] Everything is told up to there',
    ])
    expect(await client.ok('NOOP')).toEqual(['4 EXPUNGE'])
  })

  test('or where the store cannot be asked', async () => {
    const troubles: Troubles = {}
    await using system = await started('CONDSTORE', troubles)
    const { client, other } = system
    await other.ok('STORE 1 +FLAGS (\\Flagged)')
    troubles.refresh = true
    expect(await client.ok('STORE 2 +FLAGS.SILENT (\\Answered)')).toEqual([
      '2 FETCH (UID 2 MODSEQ (7))',
      'OK [HIGHESTMODSEQ 5] Everything is told up to there',
    ])
    troubles.refresh = false
    expect(await client.ok('FETCH 2 UID')).toEqual([
      '2 FETCH (UID 2)',
      '1 FETCH (UID 1 FLAGS (\\Flagged) MODSEQ (6))',
    ])
    expect(await client.ok('NOOP')).toEqual([])
  })
})

test('who is not told of mod-sequences pays for no look', async () => {
  await using system = await started()
  await system.other.ok('STORE 1 +FLAGS (\\Flagged)')
  expect(await system.client.ok('STORE 2 +FLAGS (\\Answered)')).toEqual([
    '2 FETCH (UID 2 FLAGS (\\Answered))',
  ])
})

test.each([
  ['ENABLE CONDSTORE', 'ENABLED CONDSTORE'],
  ['FETCH 2 (MODSEQ)', '2 FETCH (MODSEQ (7))'],
])('%s tells up to where the client knows everything', async (command, answered) => {
  await using system = await started()
  const { client, other } = system
  await other.ok('STORE 1 +FLAGS (\\Flagged)')
  await client.ok('STORE 2 +FLAGS (\\Answered)')
  expect(await client.ok(command)).toEqual([
    'OK [HIGHESTMODSEQ 5] Highest',
    answered,
    '1 FETCH (UID 1 FLAGS (\\Flagged) MODSEQ (6))',
  ])
})

describe('what NOTIFY withholds is not passed over (RFC 5465 §5)', () => {
  const settled = 'OK [HIGHESTMODSEQ 5] Everything is told up to there'

  test('flags that others change', async () => {
    await using system = await started('QRESYNC')
    const { client, other } = system
    await client.ok('NOTIFY SET (selected (MessageNew MessageExpunge))')
    await other.ok('STORE 1 +FLAGS (\\Flagged)')
    expect(await client.ok('NOOP'), 'no mod-sequence was told').toEqual([])
    expect(await client.ok('UID STORE 2 +FLAGS.SILENT (\\Deleted)')).toEqual([
      '2 FETCH (UID 2 MODSEQ (7))',
      settled,
    ])
    const expunged = await client.command('UID EXPUNGE 2')
    expect(expunged.tagged).toBe('OK [HIGHESTMODSEQ 5] Expunged')
    expect(expunged.untagged).toContain('VANISHED 2')
  })

  test('everything', async () => {
    await using system = await started('CONDSTORE')
    const { client, other } = system
    await client.ok('NOTIFY NONE')
    await other.ok(append)
    expect(await client.ok('NOOP')).toEqual([])
    expect(await client.ok('STORE 2 +FLAGS.SILENT (\\Answered)')).toEqual([
      '2 FETCH (UID 2 MODSEQ (7))',
      settled,
    ])
  })
})
