import { type AccountStore, MailwrightError } from 'mailwright'
import { overlay } from 'mailwright/testing'
import { expect, test } from 'vitest'
import { clientOverStore } from '../../../test/support/imap/imap-altered-store.ts'

const message = 'Subject: x\r\n\r\ntext\r\n'

/** A client whose mailbox another program holds once `isHeld` is set: its state cannot be told, and nothing be changed. */
async function started() {
  const held = { isHeld: false, refreshes: 0 }
  const refuse = (): void => {
    if (held.isHeld) throw new MailwrightError('MAIL_E_UNAVAILABLE', 'locked for too long')
  }
  const account = (inner: AccountStore): Partial<AccountStore> => ({
    status: (name) => (held.isHeld && name === 'INBOX' ? new Promise(() => undefined) : inner.status(name)),
    async openMailbox(name) {
      const opened = await inner.openMailbox(name)
      return overlay(opened, {
        async refresh() {
          held.refreshes += 1
          refuse()
          return opened.refresh()
        },
        async changeFlags(...args) {
          refuse()
          return opened.changeFlags(...args)
        },
      })
    },
  })
  const system = await clientOverStore({ account })
  await system.client.ok(`APPEND INBOX {${message.length}+}\r\n${message}`)
  await system.client.ok('SELECT INBOX')
  Object.assign(held, { isHeld: true, refreshes: 0 })
  return { ...system, held, [Symbol.asyncDispose]: () => system[Symbol.asyncDispose]() }
}

const refused = 'NO [UNAVAILABLE] Not possible now, try again later'

test('what the store has refused is not waited for once more', async () => {
  await using system = await started()
  const { client, held } = system
  expect(await client.command('STORE 1 +FLAGS (\\Flagged)')).toEqual({ untagged: [], tagged: refused })
  expect(held.refreshes).toBe(0)
  expect((await client.command('NOOP')).tagged).toBe(refused)
  expect(held.refreshes).toBe(1)
  expect((await client.command('FETCH 1 BODY.PEEK[]')).tagged).toBe('OK Fetched')
  held.isHeld = false
  expect(await client.ok('NOOP')).toEqual([])
})

test('IDLE behind a command that has failed tells what came meanwhile', async () => {
  await using system = await started()
  const { client, held } = system
  const other = await system.connect()
  expect((await client.command('STATUS nosuch (MESSAGES)')).tagged).toMatch(/^NO \[NONEXISTENT\]/)
  expect(held.refreshes).toBe(1)
  await other.ok(`APPEND INBOX {${message.length}+}\r\n${message}`)
  held.isHeld = false
  client.dialogue.send('i IDLE')
  expect([await client.response(), await client.response()].sort()).toEqual(['* 2 EXISTS', '+ idling'])
  await other.ok(`APPEND INBOX {${message.length}+}\r\n${message}`)
  expect(await client.response()).toBe('* 3 EXISTS')
})

test('a message whose \\Seen cannot be set is read all the same, with one look', async () => {
  await using system = await started()
  const { client, held } = system
  const { untagged, tagged } = await client.command('FETCH 1 BODY[]')
  expect([untagged.join(), tagged]).toEqual([expect.stringContaining('text'), 'OK Fetched'])
  expect(untagged.join()).not.toContain('FLAGS')
  expect(held.refreshes).toBe(1)
  held.isHeld = false
  expect((await client.ok('FETCH 1 BODY[]')).join()).toContain('FLAGS (\\Seen)')
})
