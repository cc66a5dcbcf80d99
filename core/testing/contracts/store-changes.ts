import { expect } from 'vitest'
import { bufferContent } from '../../model/content.ts'
import { present } from './expectations.ts'
import {
  type AnnouncedChange,
  deliver,
  deliverMany,
  type StoreCase,
  type StoreFixture,
  sampleMessage,
  stage,
  uidsOf,
} from './store-fixture.ts'

/** Turns of the event loop that an announcement may take on its way. */
const patience = 200

/** The announcements of a kind that came after so many, as soon as there are any. */
async function announcedAfter(fixture: StoreFixture, count: number, kind: AnnouncedChange['kind']) {
  for (let turn = 0; turn < patience; turn++) {
    const found = (fixture.announced?.() ?? []).slice(count).filter((each) => each.kind === kind)
    if (found.length > 0) return found.map((each) => each.change)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return []
}

/** What a store tells the rest of the system. */
export const changeCases: readonly StoreCase[] = [
  {
    name: 'announced: a delivery, with its cause and origin',
    needs: ['announced changes'],
    async run(fixture) {
      const opened = await fixture.store.open(fixture.account)
      const count = present(fixture.announced, 'announced')().length
      await deliver(opened, sampleMessage(), 'INBOX', { origin: 'transaction-1', cause: 'delivery' })
      const [change] = await announcedAfter(fixture, count, 'stored')
      expect(change).toMatchObject({ mailbox: 'INBOX', cause: 'delivery', origin: 'transaction-1' })
      expect(change?.account.id).toBe(fixture.account.id)
    },
  },
  {
    name: 'announced: what is staged as an append is called one',
    needs: ['announced changes'],
    async run(fixture) {
      const opened = await fixture.store.open(fixture.account)
      const count = present(fixture.announced, 'announced')().length
      await deliver(opened, sampleMessage(), 'INBOX', { origin: 'session-1', cause: 'append' })
      const [change] = await announcedAfter(fixture, count, 'stored')
      expect(change).toMatchObject({ mailbox: 'INBOX', cause: 'append', origin: 'session-1' })
    },
  },
  {
    name: 'announced: nothing for what was aborted',
    needs: ['announced changes'],
    async run(fixture) {
      const opened = await fixture.store.open(fixture.account)
      const count = present(fixture.announced, 'announced')().length
      const staged = await stage(opened)
      await staged.abort()
      await deliver(opened)
      expect(await announcedAfter(fixture, count, 'stored')).toHaveLength(1)
    },
  },
  {
    name: 'announced: an append, with all its UIDs and its origin',
    needs: ['announced changes'],
    async run(fixture) {
      const opened = await fixture.store.open(fixture.account)
      const count = present(fixture.announced, 'announced')().length
      const content = bufferContent(sampleMessage())
      const { uidValidity, uids } = await opened.append('INBOX', [{ content }, { content }], 'session-1')
      const changes = await announcedAfter(fixture, count, 'stored')
      for (const change of changes)
        expect(change).toMatchObject({ mailbox: 'INBOX', cause: 'append', origin: 'session-1', uidValidity })
      expect(changes.flatMap((change) => change.uids)).toEqual(uids)
    },
  },
  {
    name: 'announced: no change of flags for messages that have them already',
    needs: ['announced changes', 'flags'],
    async run(fixture) {
      const opened = await fixture.store.open(fixture.account)
      await deliverMany(opened, 3)
      const mailbox = await opened.openMailbox('INBOX')
      const [first = 0, second = 0, third = 0] = uidsOf(mailbox)
      await mailbox.changeFlags([first], { set: ['\\Flagged', '\\Seen'] })
      const count = present(fixture.announced, 'announced')().length
      await mailbox.changeFlags([first], { add: ['\\Seen'] })
      await mailbox.changeFlags([first, second], { remove: ['\\Draft'] })
      await mailbox.changeFlags([first], { set: ['\\Seen', '\\Flagged'] })
      await mailbox.changeFlags([first, third], { add: ['\\Seen'] })
      const changes = await announcedAfter(fixture, count, 'flagged')
      expect(changes.map(({ uids, flags }) => [uids, flags])).toEqual([[[third], [['\\Seen']]]])
    },
  },
  {
    name: 'announced: no change of flags for messages that are left alone because of unchangedSince',
    needs: ['announced changes', 'flags', 'modSequences'],
    async run(fixture) {
      const opened = await fixture.store.open(fixture.account)
      await deliverMany(opened, 2)
      const mailbox = await opened.openMailbox('INBOX')
      const [first = 0, second = 0] = uidsOf(mailbox)
      const unchangedSince = mailbox.highestModSequence
      await mailbox.changeFlags([first], { add: ['\\Flagged'] })
      const count = present(fixture.announced, 'announced')().length
      await mailbox.changeFlags([first, second], { add: ['\\Seen'] }, { unchangedSince })
      const changes = await announcedAfter(fixture, count, 'flagged')
      expect(changes.flatMap((change) => change.uids)).toEqual([second])
    },
  },
  {
    name: 'announced: flags and expunges, with their UIDs',
    needs: ['announced changes', 'flags'],
    async run(fixture) {
      const opened = await fixture.store.open(fixture.account)
      await deliverMany(opened, 2)
      const mailbox = await opened.openMailbox('INBOX')
      const count = present(fixture.announced, 'announced')().length
      await mailbox.changeFlags(uidsOf(mailbox), { add: ['\\Seen'] })
      const uids = uidsOf(mailbox)
      await mailbox.expunge(uids)
      const [flagged] = await announcedAfter(fixture, count, 'flagged')
      expect(flagged).toMatchObject({
        mailbox: 'INBOX',
        uids,
        flags: [['\\Seen'], ['\\Seen']],
        uidValidity: mailbox.uidValidity,
      })
      const [expunged] = await announcedAfter(fixture, count, 'expunged')
      expect(expunged).toMatchObject({ mailbox: 'INBOX', uids, cause: 'expunge' })
    },
  },
  {
    name: 'announced: a copy says where from, with the UIDs in the target',
    needs: ['announced changes', 'mailboxes'],
    async run(fixture) {
      const opened = await fixture.store.open(fixture.account)
      await opened.createMailbox('Archive')
      await deliverMany(opened, 2)
      const mailbox = await opened.openMailbox('INBOX')
      const count = present(fixture.announced, 'announced')().length
      const { uidValidity, uids } = await mailbox.copy(uidsOf(mailbox), 'Archive')
      const [stored] = await announcedAfter(fixture, count, 'stored')
      expect(stored).toMatchObject({ mailbox: 'Archive', cause: 'copy', from: 'INBOX', uidValidity })
      expect(stored?.uids).toEqual(uids.map(([, to]) => to))
    },
  },
  {
    name: 'announced: a move says where from and where to',
    needs: ['announced changes', 'mailboxes'],
    async run(fixture) {
      const opened = await fixture.store.open(fixture.account)
      await opened.createMailbox('Junk')
      await deliver(opened)
      const mailbox = await opened.openMailbox('INBOX')
      const uids = uidsOf(mailbox)
      const count = present(fixture.announced, 'announced')().length
      await mailbox.move(uids, 'Junk')
      const [expunged] = await announcedAfter(fixture, count, 'expunged')
      expect(expunged).toMatchObject({ mailbox: 'INBOX', uids, cause: 'move', to: 'Junk' })
      const [stored] = await announcedAfter(fixture, count, 'stored')
      expect(stored).toMatchObject({ mailbox: 'Junk', cause: 'move', from: 'INBOX' })
    },
  },
]
