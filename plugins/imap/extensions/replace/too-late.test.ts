import type { AccountStore } from 'mailwright'
import { overlay } from 'mailwright/testing'
import { expect, test } from 'vitest'
import { clientOverStore } from '../../../../test/support/imap/imap-altered-store.ts'

const text = 'Subject: x\r\n\r\n'
const literal = `{${text.length}+}\r\n${text}`

/** A store in which the first message is removed right before another one takes its place. */
async function removedBefore(hasReplace: boolean) {
  let isWaiting = false
  const account = (inner: AccountStore): Partial<AccountStore> => {
    const removeFirst = async (): Promise<void> => {
      if (!isWaiting) return
      isWaiting = false
      await (await inner.openMailbox('INBOX')).expunge([1])
    }
    return {
      async append(...args) {
        await removeFirst()
        return inner.append(...args)
      },
      async openMailbox(name) {
        const opened = await inner.openMailbox(name)
        if (!hasReplace) return overlay(opened, { replace: undefined })
        return overlay(opened, {
          async replace(...args) {
            await removeFirst()
            return opened.replace?.(...args)
          },
        })
      },
    }
  }
  const system = await clientOverStore({ account })
  for (let count = 0; count < 3; count += 1) await system.client.ok(`APPEND INBOX ${literal}`)
  await system.client.ok('SELECT INBOX')
  isWaiting = true
  return system
}

test('a REPLACE that comes too late puts nothing into the mailbox, not even for a moment', async () => {
  await using system = await removedBefore(true)
  const { untagged, tagged } = await system.client.command(`UID REPLACE 1 INBOX ${literal}`)
  expect(tagged).toMatch(/^NO \[NONEXISTENT\] /)
  expect(untagged).toEqual(['1 EXPUNGE'])
  expect(await system.client.ok('STATUS INBOX (MESSAGES UIDNEXT)')).toEqual([
    'STATUS INBOX (MESSAGES 2 UIDNEXT 4)',
  ])
})

test('where the store cannot do that in one step, what came too late is taken back', async () => {
  await using system = await removedBefore(false)
  const { tagged } = await system.client.command(`UID REPLACE 1 INBOX ${literal}`)
  expect(tagged).toMatch(/^NO \[NONEXISTENT\] /)
  expect(await system.client.ok('STATUS INBOX (MESSAGES)')).toEqual(['STATUS INBOX (MESSAGES 2)'])
  expect((await system.client.command(`UID REPLACE 2 INBOX ${literal}`)).tagged).toMatch(/^OK /)
  expect(await system.client.ok('STATUS INBOX (MESSAGES)')).toEqual(['STATUS INBOX (MESSAGES 2)'])
})
