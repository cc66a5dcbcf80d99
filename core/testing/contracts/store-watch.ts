import { expect } from 'vitest'
import type { Mailbox } from '../../services/mailbox.ts'
import type { AccountStore, Lease } from '../../services/store.ts'
import {
  append,
  deliver,
  deliverMany,
  entryAt,
  otherAccount,
  reopened,
  type StoreCase,
  type StoreFixture,
  type StoreNeed,
  sampleMessage,
  uidsOf,
} from './store-fixture.ts'

/** How long a call is waited for, in milliseconds: far longer than a store may take, for the machine may be busy. */
const patience = 5_000

interface Watched {
  /** What the listener was called with, oldest first. */
  readonly calls: readonly (string | undefined)[]
  readonly lease: Lease
  /** Waits for a call about this mailbox (undefined: about the list) after so many calls; fails the case without one. */
  calledWith(mailbox: string | undefined, after: number): Promise<void>
  /** Makes a change of INBOX and waits for the call about it: what was to be told before that has been told by then. */
  afterChange(make: () => Promise<unknown>): Promise<void>
}

async function watch(opened: AccountStore, mailboxes: readonly string[] | 'all'): Promise<Watched> {
  const calls: (string | undefined)[] = []
  const waiting = new Set<() => void>()
  const lease = await opened.watch(mailboxes, (mailbox) => {
    calls.push(mailbox)
    for (const look of waiting) look()
  })
  const calledWith: Watched['calledWith'] = (mailbox, after) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const what = mailbox ?? 'the list of mailboxes'
    const timer = setTimeout(() => reject(new Error(`nobody was told that ${what} changed`)), patience)
    const look = (): void => {
      if (calls.slice(after).includes(mailbox)) resolve()
    }
    waiting.add(look)
    look()
    return promise.finally(() => {
      clearTimeout(timer)
      waiting.delete(look)
    })
  }
  const afterChange: Watched['afterChange'] = async (make) => {
    const before = calls.length
    await make()
    await calledWith('INBOX', before)
  }
  return { calls, lease, calledWith, afterChange }
}

/** What another does, and what that changes. */
interface Change {
  readonly name: string
  readonly needs?: readonly StoreNeed[]
  /** The mailbox that has changed; undefined for the list. */
  readonly tells: string | undefined
  /** INBOX has three messages, and where there can be mailboxes there is Archive. */
  make(opened: AccountStore, inbox: Mailbox): Promise<unknown>
}

const changes: readonly Change[] = [
  { name: 'a delivery', tells: 'INBOX', make: (opened) => deliver(opened) },
  {
    name: 'an append',
    tells: 'INBOX',
    make: (opened) => append(opened, [sampleMessage(), sampleMessage()]),
  },
  {
    name: 'a change of flags',
    needs: ['flags'],
    tells: 'INBOX',
    make: (_opened, inbox) => inbox.changeFlags(uidsOf(inbox), { add: ['\\Seen'] }),
  },
  {
    name: 'an expunge',
    tells: 'INBOX',
    make: (_opened, inbox) => inbox.expunge([entryAt(inbox, 1).uid]),
  },
  {
    name: 'a copy into the mailbox',
    needs: ['mailboxes'],
    tells: 'Archive',
    make: (_opened, inbox) => inbox.copy(uidsOf(inbox), 'Archive'),
  },
  {
    name: 'a move out of the mailbox',
    needs: ['mailboxes'],
    tells: 'INBOX',
    make: (_opened, inbox) => inbox.move([entryAt(inbox, 0).uid], 'Archive'),
  },
  {
    name: 'a move into the mailbox',
    needs: ['mailboxes'],
    tells: 'Archive',
    make: (_opened, inbox) => inbox.move([entryAt(inbox, 0).uid], 'Archive'),
  },
  {
    name: 'createMailbox',
    needs: ['mailboxes'],
    tells: undefined,
    make: (opened) => opened.createMailbox('Work/Bills'),
  },
  {
    name: 'deleteMailbox',
    needs: ['mailboxes'],
    tells: undefined,
    make: (opened) => opened.deleteMailbox('Archive'),
  },
  {
    name: 'renameMailbox',
    needs: ['mailboxes'],
    tells: undefined,
    make: (opened) => opened.renameMailbox('Archive', 'Old'),
  },
]

/** Two stores of one account, the second in another process where that is possible, with the messages that changes need. */
async function prepared({ store, account }: StoreFixture, other = store) {
  const opened = await store.open(account)
  await deliverMany(opened, 3)
  if (store.supports.mailboxes) await opened.createMailbox('Archive')
  const others = await other.open(account)
  return { opened, others, inbox: await others.openMailbox('INBOX') }
}

async function expectTold(fixture: StoreFixture, change: Change, other = fixture.store): Promise<void> {
  const { opened, others, inbox } = await prepared(fixture, other)
  const watched = await watch(opened, 'all')
  await change.make(others, inbox)
  await watched.calledWith(change.tells, 0)
  await watched.lease.release()
}

/** Noticing that something has changed. */
export const watchCases: readonly StoreCase[] = [
  ...changes.map(
    (change): StoreCase => ({
      name: `watch: ${change.name} by another is told`,
      needs: change.needs ?? [],
      run: (fixture) => expectTold(fixture, change),
    }),
  ),
  ...changes.map(
    (change): StoreCase => ({
      name: `watch: ${change.name} by another process is told`,
      needs: [...(change.needs ?? []), 'shared'],
      run: async (fixture) => expectTold(fixture, change, await reopened(fixture)),
    }),
  ),
  {
    name: 'watch: tells of change after change, and whoever looks then sees it',
    async run(fixture) {
      const { opened, others } = await prepared(fixture)
      const watched = await watch(opened, ['inbox'])
      const mailbox = await opened.openMailbox('INBOX')
      for (let round = 1; round <= 3; round++) {
        const before = watched.calls.length
        await deliver(others)
        await watched.calledWith('INBOX', before)
        await mailbox.refresh()
        expect(mailbox.entries).toHaveLength(3 + round)
      }
      await watched.lease.release()
    },
  },
  {
    name: 'watch: of some mailboxes never tells of others',
    needs: ['mailboxes'],
    async run(fixture) {
      const { opened, others } = await prepared(fixture)
      await opened.createMailbox('Trash')
      const [some, all] = [await watch(opened, ['Archive', 'Nowhere']), await watch(opened, 'all')]
      await deliver(others, sampleMessage(), 'Trash')
      await deliver(others)
      await Promise.all([all.calledWith('Trash', 0), all.calledWith('INBOX', 0)])
      for (let round = 0; round < 2; round++) {
        const before = some.calls.length
        await deliver(others, sampleMessage(), 'Archive')
        await some.calledWith('Archive', before)
      }
      expect(some.calls.filter((name) => name !== 'Archive' && name !== undefined)).toEqual([])
      await Promise.all([some.lease.release(), all.lease.release()])
    },
  },
  {
    name: 'watch: several listeners are all told, each until it is released',
    async run(fixture) {
      const { opened, others } = await prepared(fixture)
      const [first, second] = [await watch(opened, ['INBOX']), await watch(others, 'all')]
      await deliver(others)
      await Promise.all([first.calledWith('INBOX', 0), second.calledWith('INBOX', 0)])
      await first.lease.release()
      await first.lease.release()
      const count = first.calls.length
      for (let round = 0; round < 2; round++) await second.afterChange(() => deliver(others))
      expect(first.calls, 'nothing after its release').toHaveLength(count)
      await second.lease.release()
    },
  },
  {
    name: 'watch: is silent when its release has resolved, whatever has just changed',
    async run(fixture) {
      const { opened, others } = await prepared(fixture)
      const second = await watch(opened, 'all')
      for (let round = 0; round < 3; round++) {
        const first = await watch(opened, round === 1 ? 'all' : ['INBOX'])
        await deliver(others)
        await first.lease.release()
        const count = first.calls.length
        for (let again = 0; again < 2; again++) await second.afterChange(() => deliver(others))
        expect(first.calls, `round ${round + 1}`).toHaveLength(count)
      }
      await second.lease.release()
    },
  },
  {
    name: 'watch: nobody is told of another account’s mailboxes',
    needs: ['mailboxes'],
    async run(fixture) {
      const { opened, others } = await prepared(fixture)
      await opened.createMailbox('Secret')
      const neighbour = await fixture.store.open(otherAccount(fixture.account, 'neighbour'))
      const [mine, theirs] = [await watch(opened, 'all'), await watch(neighbour, 'all')]
      await deliver(others, sampleMessage(), 'Secret')
      await mine.calledWith('Secret', 0)
      for (let round = 0; round < 2; round++) await theirs.afterChange(() => deliver(neighbour))
      expect(theirs.calls).not.toContain('Secret')
      await Promise.all([mine.lease.release(), theirs.lease.release()])
    },
  },
]
