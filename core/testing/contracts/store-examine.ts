import { expect } from 'vitest'
import { contentsOf, deliver, deliverMany, entryAt, type StoreCase, sampleMessage } from './store-fixture.ts'

/** Looking for damage where there is none. How a store damages and repairs is its own affair, and its own tests'. */
export const examineCases: readonly StoreCase[] = [
  {
    name: 'examine: finds nothing in a store that was only used, and changes nothing',
    async run({ store, account }) {
      const opened = await store.open(account)
      await deliverMany(opened, 4)
      const mailbox = await opened.openMailbox('INBOX')
      await mailbox.expunge([entryAt(mailbox, 1).uid])
      if (store.supports.flags) await mailbox.changeFlags([entryAt(mailbox, 0).uid], { add: ['\\Seen'] })
      if (store.supports.mailboxes) {
        await deliver(opened, sampleMessage(), 'Work/Bills', { create: true })
        await opened.renameMailbox('Work', 'Old')
        await mailbox.move([entryAt(mailbox, 1).uid], 'Old/Bills')
      }
      const before = [await opened.status('INBOX'), await contentsOf(opened), await opened.mailboxes()]
      for (const repair of [false, true, false]) expect(await store.examine(account, { repair })).toEqual([])
      const after = [await opened.status('INBOX'), await contentsOf(opened), await opened.mailboxes()]
      expect(after).toEqual(before)
    },
  },
  {
    name: 'examine: of an account that nobody has opened finds nothing',
    async run({ store, account }) {
      expect(await store.examine(account, { repair: false })).toEqual([])
      expect(await (await store.open(account)).usage()).toEqual({ bytes: 0, messages: 0 })
    },
  },
]
