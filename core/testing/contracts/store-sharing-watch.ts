import { expect, vi } from 'vitest'
import type { AccountStore } from '../../services/store.ts'
import { append, type StoreCase, sampleMessage } from './store-fixture.ts'
import { newScene } from './store-sharing-scene.ts'

// Far longer than a store may take, for the machine may be busy.
const patience = { timeout: 5_000, interval: 5 }

/** Notes what an account is told, until it is released. */
async function watched(account: AccountStore, mailboxes: readonly string[] | 'all') {
  const calls: (string | undefined)[] = []
  const lease = await account.watch(mailboxes, (mailbox) => void calls.push(mailbox))
  return {
    calls,
    lease,
    /** Waits until all of these were told since the last time. */
    async toldOf(...wanted: readonly (string | undefined)[]) {
      await vi.waitFor(() => expect(calls).toEqual(expect.arrayContaining([...wanted])), patience)
      calls.length = 0
    },
  }
}

/** Being told of changes to mailboxes of others. */
export const sharingWatchCases: readonly StoreCase[] = [
  {
    name: 'sharing: changes to a mailbox of others are told to those who may read it',
    needs: ['rights', 'mailboxes'],
    async run(fixture) {
      const { ann, bob, theirs, give } = await newScene(fixture)
      await give('lr', 'Work')
      await give('l', 'Work/Bills')
      const all = await watched(bob, 'all')
      const one = await watched(bob, ['INBOX', theirs('Work'), theirs('Work/Bills'), theirs('INBOX')])
      await append(ann, [sampleMessage()], 'INBOX')
      await append(ann, [sampleMessage()], 'Work/Bills')
      await append(ann, [sampleMessage()], 'Work')
      await vi.waitFor(() => {
        expect(new Set(all.calls)).toEqual(new Set([theirs('Work')]))
        expect(new Set(one.calls)).toEqual(new Set([theirs('Work')]))
      }, patience)
      all.calls.length = 0
      one.calls.length = 0
      await append(bob, [sampleMessage()])
      await vi.waitFor(() => expect([all.calls, one.calls]).toEqual([['INBOX'], ['INBOX']]), patience)
      await Promise.all([all.lease.release(), one.lease.release()])
      all.calls.length = 0
      await append(ann, [sampleMessage()], 'Work')
      await give('', 'Work')
      const after = await watched(bob, 'all')
      await give('lr', 'Work')
      await after.toldOf(undefined)
      expect(all.calls).toEqual([])
      await after.lease.release()
    },
  },
  {
    name: 'sharing: what is opened is told, watched from then on, and told once more when it is closed',
    needs: ['rights', 'mailboxes'],
    async run(fixture) {
      const { ann, bob, theirs, give } = await newScene(fixture)
      const all = await watched(bob, 'all')
      const one = await watched(bob, [theirs('Work')])
      await give('lr', 'Work')
      await all.toldOf(undefined, theirs('Work'))
      await one.toldOf(theirs('Work'))
      await append(ann, [sampleMessage()], 'Work')
      await all.toldOf(theirs('Work'))
      await one.toldOf(theirs('Work'))
      await give('', 'Work')
      await all.toldOf(undefined, theirs('Work'))
      await one.toldOf(theirs('Work'))
      await append(ann, [sampleMessage()], 'Work')
      await append(bob, [sampleMessage()])
      await all.toldOf('INBOX')
      expect(one.calls).toEqual([])
      await Promise.all([all.lease.release(), one.lease.release()])
    },
  },
  {
    name: 'sharing: a mailbox of others that is renamed or deleted is told',
    needs: ['rights', 'mailboxes'],
    async run(fixture) {
      const { ann, bob, theirs, give } = await newScene(fixture)
      await give('lr', 'Work')
      const all = await watched(bob, 'all')
      await ann.renameMailbox('Work', 'Old')
      await all.toldOf(undefined, theirs('Old'))
      await append(ann, [sampleMessage()], 'Old')
      await all.toldOf(theirs('Old'))
      await ann.deleteMailbox('Old')
      await all.toldOf(undefined)
      await all.lease.release()
    },
  },
]
