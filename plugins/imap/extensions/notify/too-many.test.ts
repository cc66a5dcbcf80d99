import type { MailboxInfo } from 'mailwright'
import { expect, test } from 'vitest'
import { clientOverStore } from '../../../../test/support/imap/imap-altered-store.ts'

test('more mailboxes than are kept in mind are refused before any is watched or looked at', async () => {
  const many = Array.from({ length: 1_001 }, (_, at): MailboxInfo => {
    return { name: `m${at}`, subscribed: false, namespace: 'personal' }
  })
  const calls: string[] = []
  await using system = await clientOverStore({
    account: (inner) => ({
      mailboxes: async () => [...(await inner.mailboxes()), ...many],
      async watch(names, listener) {
        calls.push('watch')
        return inner.watch(names, listener)
      },
      async status(name) {
        calls.push('status')
        return inner.status(name)
      },
    }),
  })
  const { tagged } = await system.client.command(
    'NOTIFY SET (PERSONAL (MailboxName MessageNew MessageExpunge))',
  )
  expect(tagged).toMatch(/^NO \[NOTIFICATIONOVERFLOW\] /)
  expect(calls).toEqual([])
})
