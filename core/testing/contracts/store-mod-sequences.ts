import { expect } from 'vitest'
import type { AccountStore } from '../../services/store.ts'
import { expectCode, present } from './expectations.ts'
import {
  append,
  deliver,
  deliverMany,
  entryAt,
  expectWellFormed,
  type StoreCase,
  sampleMessage,
  uidsOf,
} from './store-fixture.ts'

/** Demands that a step raises a mailbox's mod-sequence, that of new and changed messages with it. */
async function expectGrowth(
  opened: AccountStore,
  mailbox: string,
  step: () => Promise<unknown>,
  what: string,
) {
  const before = await opened.openMailbox(mailbox)
  await step()
  const status = await opened.status(mailbox)
  const after = await opened.openMailbox(mailbox)
  expect(status.highestModSequence, what).toBeGreaterThan(before.highestModSequence)
  expect(after.highestModSequence, `${what}: view and status agree`).toBe(status.highestModSequence)
  expectWellFormed(after)
  for (const entry of after.entries) {
    const known = before.entries.find((one) => one.uid === entry.uid)
    if (known !== undefined && known.flags.join() === entry.flags.join()) continue
    expect(entry.modSequence, `${what}: message ${entry.uid}`).toBeGreaterThan(before.highestModSequence)
  }
}

/** Mod-sequences and changes on condition (RFC 7162). */
export const modSequenceCases: readonly StoreCase[] = [
  {
    name: 'mod-sequences: every change raises the message’s and the mailbox’s (RFC 7162 §3.1)',
    needs: ['flags', 'modSequences'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await deliverMany(opened, 3)
      const mailbox = await opened.openMailbox('INBOX')
      const highest = [mailbox.highestModSequence]
      for (const entry of mailbox.entries)
        expect(entry.modSequence).toBeLessThanOrEqual(mailbox.highestModSequence)
      expect(Math.min(...mailbox.entries.map((entry) => entry.modSequence))).toBeGreaterThan(0)
      const untouched = entryAt(mailbox, 0).modSequence
      for (const flag of ['\\Seen', '\\Flagged']) {
        const { entries } = await mailbox.changeFlags([entryAt(mailbox, 1).uid], { add: [flag] })
        const changed = present(entries[0], 'the changed entry')
        expect(changed.modSequence).toBeGreaterThan(highest.at(-1) ?? 0)
        highest.push(mailbox.highestModSequence)
        expect(highest.at(-1)).toBeGreaterThanOrEqual(changed.modSequence)
      }
      expect(entryAt(mailbox, 0).modSequence).toBe(untouched)
      await mailbox.expunge([entryAt(mailbox, 2).uid])
      expect(mailbox.highestModSequence, 'an expunge raises it').toBeGreaterThan(highest.at(-1) ?? 0)
      await deliver(opened)
      await mailbox.refresh()
      expect(entryAt(mailbox, 2).modSequence).toBeGreaterThan(highest.at(-1) ?? 0)
      expect((await opened.status('INBOX')).highestModSequence).toBe(mailbox.highestModSequence)
    },
    async otherwise({ store, account }) {
      if (store.supports.modSequences) return
      const opened = await store.open(account)
      await deliver(opened)
      const mailbox = await opened.openMailbox('INBOX')
      expect(entryAt(mailbox, 0).modSequence).toBe(0)
    },
  },
  {
    name: 'mod-sequences: grow with a delivery, an append, a copy, a move, and not by looking',
    needs: ['modSequences', 'mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await opened.createMailbox('Archive')
      const inbox = await opened.openMailbox('INBOX')
      const first = async () => {
        await inbox.refresh()
        return [entryAt(inbox, 0).uid]
      }
      await expectGrowth(opened, 'INBOX', () => deliverMany(opened, 2), 'deliveries')
      await expectGrowth(opened, 'INBOX', () => append(opened, [sampleMessage(), sampleMessage()]), 'append')
      await expectGrowth(opened, 'Archive', async () => inbox.copy(await first(), 'Archive'), 'copy')
      await expectGrowth(opened, 'Archive', async () => inbox.move(await first(), 'Archive'), 'move into')
      await expectGrowth(opened, 'INBOX', async () => inbox.move(await first(), 'Archive'), 'move out of')
      const { highestModSequence } = await opened.status('Archive')
      await (await opened.openMailbox('Archive')).refresh()
      expect((await opened.status('Archive')).highestModSequence).toBe(highestModSequence)
    },
  },
  {
    name: 'unchangedSince: leaves alone and names exactly those that changed later (RFC 7162 §3.1.3)',
    needs: ['flags', 'modSequences'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await deliverMany(opened, 4)
      const [mine, theirs] = [await opened.openMailbox('INBOX'), await opened.openMailbox('INBOX')]
      const uids = uidsOf(mine)
      const [first = 0, second = 0, third = 0, fourth = 0] = uids
      const unchangedSince = mine.highestModSequence
      await theirs.changeFlags([second], { add: ['\\Answered'] })
      await theirs.expunge([fourth])
      const outcome = await mine.changeFlags(uids.toReversed(), { add: ['\\Deleted'] }, { unchangedSince })
      expect(outcome.modified).toEqual([second])
      expect(outcome.entries.map((entry) => [entry.uid, entry.flags])).toEqual([
        [first, ['\\Deleted']],
        [third, ['\\Deleted']],
      ])
      await mine.refresh()
      expect(mine.entries.map((entry) => entry.flags)).toEqual([['\\Deleted'], ['\\Answered'], ['\\Deleted']])
      const again = { unchangedSince: mine.highestModSequence }
      const later = await mine.changeFlags(uids, { set: [] }, again)
      expect(later.modified).toEqual([])
      expect(later.entries.map((entry) => entry.uid)).toEqual([first, second, third])
    },
    async otherwise({ store, account }) {
      if (!store.supports.flags) return
      const opened = await store.open(account)
      await deliver(opened)
      const mailbox = await opened.openMailbox('INBOX')
      const change = mailbox.changeFlags(uidsOf(mailbox), { add: ['\\Seen'] }, { unchangedSince: 1 })
      await expectCode(change, 'MAIL_E_UNSUPPORTED')
      expect(entryAt(mailbox, 0).flags).toEqual([])
    },
  },
  {
    name: 'unchangedSince: the message’s own mod-sequence lets a change pass, the one before does not',
    needs: ['flags', 'modSequences'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await deliverMany(opened, 2)
      const mailbox = await opened.openMailbox('INBOX')
      await mailbox.changeFlags([entryAt(mailbox, 0).uid], { add: ['\\Flagged'] })
      const { uid, modSequence } = entryAt(mailbox, 0)
      for (const unchangedSince of [0, modSequence - 1]) {
        const outcome = await mailbox.changeFlags([uid], { add: ['\\Seen'] }, { unchangedSince })
        expect(outcome).toEqual({ entries: [], modified: [uid] })
      }
      expect(entryAt(mailbox, 0).flags).toEqual(['\\Flagged'])
      const options = { unchangedSince: modSequence }
      const { entries, modified } = await mailbox.changeFlags([uid], { add: ['\\Seen'] }, options)
      expect(modified).toEqual([])
      expect(entries).toEqual([entryAt(mailbox, 0)])
      expect(entryAt(mailbox, 0)).toMatchObject({ uid, flags: ['\\Flagged', '\\Seen'] })
    },
  },
  {
    name: 'unchangedSince: of those who change a message at the same time one succeeds',
    needs: ['flags', 'modSequences'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await deliver(opened)
      const views = await Promise.all(['a', 'b', 'c', 'd'].map(() => opened.openMailbox('INBOX')))
      const flags = ['\\Answered', '\\Deleted', '\\Draft', '\\Flagged']
      const outcomes = await Promise.all(
        views.map((view, index) => {
          const { uid, modSequence } = entryAt(view, 0)
          const change = { add: [flags[index] ?? ''] }
          return view.changeFlags([uid], change, { unchangedSince: modSequence })
        }),
      )
      const succeeded = outcomes.filter((outcome) => outcome.entries.length === 1)
      expect(succeeded).toHaveLength(1)
      const lost = outcomes.filter((outcome) => outcome.modified.length === 1)
      expect(lost).toHaveLength(3)
      const mailbox = await opened.openMailbox('INBOX')
      expect(mailbox.entries).toEqual(succeeded[0]?.entries)
    },
  },
]
