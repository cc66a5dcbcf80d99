import { expect, vi } from 'vitest'
import { bufferContent } from '../../model/content.ts'
import type { Mailbox } from '../../services/mailbox.ts'
import type { AccountStore } from '../../services/store.ts'
import { outcomeOf, present } from './expectations.ts'
import {
  append,
  contentsOf,
  deliver,
  deliverMany,
  entryAt,
  expectWellFormed,
  namesOf,
  type StoreCase,
  sampleMessage,
  uidsOf,
} from './store-fixture.ts'

// Stores that tell seconds need one to pass; the machine may be busy.
const patience = { timeout: 10_000, interval: 25 }

/** The ids of all mailboxes by name, where the view and the status must agree. */
async function idsOf(opened: AccountStore): Promise<ReadonlyMap<string, string>> {
  const ids = new Map<string, string>()
  for (const name of await namesOf(opened)) {
    const { id } = await opened.status(name)
    expect((await opened.openMailbox(name)).id, `${name}: view and status agree`).toBe(id)
    ids.set(name, id)
  }
  return ids
}

function messageIds({ entries }: Mailbox): readonly string[] {
  return entries.map((entry) => entry.id)
}

/**
 * Waits until the store's clock has gone on, as far as the store tells the time, and answers when a message has come
 * that came later than one before.
 */
async function savedLater(opened: AccountStore, before: Date): Promise<Date> {
  const { savedDate } = await vi.waitFor(async () => {
    await append(opened, [sampleMessage()], 'Archive')
    const archive = await opened.openMailbox('Archive')
    const last = present(archive.entries.at(-1), 'the message that has just come')
    await archive.expunge([last.uid])
    await archive.close()
    expect(last.savedDate.getTime(), 'the clock goes on').toBeGreaterThan(before.getTime())
    return last
  }, patience)
  return savedDate
}

/** Names that stay: of mailboxes (RFC 8474 §4), of messages (RFC 8474 §5.1), and when a message came (RFC 8514). */
export const identityCases: readonly StoreCase[] = [
  {
    name: 'id: each mailbox has one of its own, which stays',
    needs: ['mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      for (const name of ['Archive', 'Work/Bills']) await opened.createMailbox(name)
      const ids = await idsOf(opened)
      expect(new Set(ids.values()).size).toBe(4)
      await deliverMany(opened, 2, 'Archive')
      expect(await idsOf(await store.open(account))).toEqual(ids)
    },
  },
  {
    name: 'id: a mailbox takes it along when it is renamed, its children too',
    needs: ['mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await opened.createMailbox('Work/Bills')
      const before = await idsOf(opened)
      await opened.renameMailbox('Work', 'Old')
      await opened.createMailbox('Work/Bills')
      const after = await idsOf(opened)
      expect(after.get('Old')).toBe(before.get('Work'))
      expect(after.get('Old/Bills')).toBe(before.get('Work/Bills'))
      expect(new Set(after.values()).size, 'no id is there twice').toBe(5)
    },
  },
  {
    name: 'id: a mailbox that is made again under a name has another one; INBOX keeps its own',
    needs: ['mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      const { id: inbox } = await opened.status('INBOX')
      const used = new Set<string>([inbox])
      for (let round = 0; round < 3; round++) {
        await opened.createMailbox('Archive')
        const { id } = await opened.status('Archive')
        expect(used.has(id), `round ${round + 1}`).toBe(false)
        used.add(id)
        await opened.deleteMailbox('Archive')
      }
      await deliver(opened)
      await opened.renameMailbox('INBOX', 'Archive')
      expect((await opened.status('INBOX')).id).toBe(inbox)
      expect(used.has((await opened.status('Archive')).id)).toBe(false)
    },
  },
  {
    name: 'renameMailbox: messages keep their UIDs, ids and mod-sequences, or UIDVALIDITY rises',
    needs: ['mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await deliver(opened, sampleMessage(), 'Work', { create: true })
      await deliverMany(opened, 3, 'Work')
      const before = await opened.openMailbox('Work')
      await before.expunge([entryAt(before, 0).uid])
      await opened.renameMailbox('Work', 'Old')
      const after = await opened.openMailbox('Old')
      expect(after.entries.map((entry) => entry.id)).toEqual(before.entries.map((entry) => entry.id))
      expect(after.uidValidity).toBeGreaterThanOrEqual(before.uidValidity)
      if (after.uidValidity > before.uidValidity) return
      expect(after.entries).toEqual(before.entries)
      expect(after.uidNext).toBeGreaterThanOrEqual(before.uidNext)
      expect(after.highestModSequence).toBeGreaterThanOrEqual(before.highestModSequence)
    },
  },
  {
    name: 'deleteMailbox: a view of it never shows messages of the next one under its name',
    needs: ['mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await deliver(opened, sampleMessage(), 'Archive', { create: true })
      const view = await opened.openMailbox('Archive')
      const { uidValidity, uidNext } = view
      await opened.deleteMailbox('Archive')
      await deliver(opened, sampleMessage(), 'Archive', { create: true })
      await outcomeOf(view.refresh())
      if (view.uidValidity !== uidValidity) return
      const shown = await Promise.all(
        uidsOf(view).map(async (uid) => ({ uid, outcome: await outcomeOf(view.content(uid)) })),
      )
      const readable = shown.filter(({ outcome }) => outcome.ok).map(({ uid }) => uid)
      expect(readable.filter((uid) => uid < uidNext)).toEqual([])
    },
  },
  {
    name: 'id: a message keeps its own when it is copied and moved, and no other has it (RFC 8474 §5.1)',
    needs: ['mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      for (const name of ['Archive', 'Work']) await opened.createMailbox(name)
      await deliverMany(opened, 3)
      const inbox = await opened.openMailbox('INBOX')
      const ids = inbox.entries.map((entry) => entry.id)
      expect(new Set(ids).size, 'each has its own').toBe(3)
      await inbox.copy(uidsOf(inbox), 'Archive')
      await inbox.copy(uidsOf(inbox).slice(1, 2), 'INBOX')
      const archive = await opened.openMailbox('Archive')
      expect(messageIds(archive), 'after a copy').toEqual(ids)
      await archive.copy(uidsOf(archive).slice(0, 1), 'Work')
      await archive.move(uidsOf(archive).slice(1), 'Work')
      await inbox.move(uidsOf(inbox).slice(2), 'Archive')
      const again = await store.open(account)
      const found = await Promise.all(
        ['INBOX', 'Archive', 'Work'].map(async (name) => messageIds(await again.openMailbox(name))),
      )
      const [one, two, three] = ids
      expect(found).toEqual([
        [one, two, two],
        [one, three],
        [one, two, three],
      ])
    },
  },
  {
    name: 'uidl: no two messages of a mailbox have one, copies included (RFC 1939 §7)',
    needs: ['mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await opened.createMailbox('Archive')
      await append(opened, [{ content: bufferContent(sampleMessage()), uidl: '0000001a5f3b' }])
      const inbox = await opened.openMailbox('INBOX')
      await inbox.copy(uidsOf(inbox), 'INBOX')
      await inbox.copy(uidsOf(inbox), 'Archive')
      await inbox.refresh()
      expect(entryAt(inbox, 0).uidl).toBe('0000001a5f3b')
      expectWellFormed(inbox)
      const archive = await opened.openMailbox('Archive')
      await archive.copy(uidsOf(archive), 'INBOX')
      await archive.move(uidsOf(archive), 'INBOX')
      const again = await opened.openMailbox('INBOX')
      expect(again.entries).toHaveLength(4)
      expectWellFormed(again)
    },
  },
  {
    name: 'savedDate: is when the message came, whatever its date; flags do not change it (RFC 8514)',
    async run({ store, account }) {
      const opened = await store.open(account)
      const internalDate = new Date('2001-02-03T04:05:06Z')
      await append(opened, [{ content: bufferContent(sampleMessage()), internalDate }, sampleMessage()])
      const mailbox = await opened.openMailbox('INBOX')
      const [old, fresh] = [entryAt(mailbox, 0), entryAt(mailbox, 1)]
      const minutesApart = Math.abs(old.savedDate.getTime() - fresh.internalDate.getTime()) / 60_000
      expect(minutesApart, 'both came at the same time').toBeLessThan(60)
      expect(old.internalDate).toEqual(internalDate)
      if (store.supports.flags) await mailbox.changeFlags([old.uid], { add: ['\\Seen'] })
      const again = await opened.openMailbox('INBOX')
      expect(again.entries.map((entry) => entry.savedDate)).toEqual([old.savedDate, fresh.savedDate])
    },
  },
  {
    name: 'savedDate: a copy has its own, and the internal date of the original',
    needs: ['mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await opened.createMailbox('Archive')
      const internalDate = new Date('2001-02-03T04:05:06Z')
      await append(opened, [{ content: bufferContent(sampleMessage()), internalDate }])
      const inbox = await opened.openMailbox('INBOX')
      const later = await savedLater(opened, entryAt(inbox, 0).savedDate)
      await inbox.copy(uidsOf(inbox), 'Archive')
      await inbox.move(uidsOf(inbox), 'Archive')
      const archive = await opened.openMailbox('Archive')
      expect(await contentsOf(opened, 'Archive')).toHaveLength(2)
      for (const entry of archive.entries) {
        expect(entry.internalDate).toEqual(internalDate)
        expect(entry.savedDate.getTime()).toBeGreaterThanOrEqual(later.getTime())
      }
    },
  },
]
