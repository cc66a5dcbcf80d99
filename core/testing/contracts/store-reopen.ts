import { expect } from 'vitest'
import { present } from './expectations.ts'
import {
  append,
  contentsOf,
  contentText,
  deliver,
  deliverMany,
  entryAt,
  expectWellFormed,
  namesOf,
  reopened,
  type StoreCase,
  sampleMessage,
  stage,
  text,
  uidsOf,
} from './store-fixture.ts'
import { catchUp, expectVanished, learnAll } from './store-vanished.ts'

/** What the next process finds, and what two processes agree on. */
export const reopenCases: readonly StoreCase[] = [
  {
    name: 'reopen: mailboxes, UIDs, ids, dates, flags and octets outlive the store object',
    needs: ['persistent'],
    async run(fixture) {
      const opened = await fixture.store.open(fixture.account)
      await deliverMany(opened, 4)
      const mailbox = await opened.openMailbox('INBOX')
      await mailbox.expunge([entryAt(mailbox, 1).uid])
      if (fixture.store.supports.flags)
        await mailbox.changeFlags([entryAt(mailbox, 0).uid], { add: ['\\Seen'] })
      if (fixture.store.supports.mailboxes) await deliver(opened, sampleMessage(), 'Sent', { create: true })
      const contents = await contentsOf(opened)
      const names = await namesOf(opened)
      const { entries, uidValidity, uidNext } = mailbox
      const again = await (await reopened(fixture)).open(fixture.account)
      const found = await again.openMailbox('INBOX')
      expect(found.entries).toEqual(entries)
      expect(found.uidValidity).toBe(uidValidity)
      expect(found.uidNext).toBeGreaterThanOrEqual(uidNext)
      expect(await contentsOf(again)).toEqual(contents)
      expect(await namesOf(again)).toEqual(names)
    },
  },
  {
    name: 'reopen: UIDs of expunged messages do not come back, staged messages do not appear',
    needs: ['persistent'],
    async run(fixture) {
      const opened = await fixture.store.open(fixture.account)
      await deliverMany(opened, 3)
      const mailbox = await opened.openMailbox('INBOX')
      const used = uidsOf(mailbox)
      const { uidValidity } = mailbox
      await mailbox.expunge(used)
      await stage(opened)
      const again = await (await reopened(fixture)).open(fixture.account)
      await deliver(again)
      const found = await again.openMailbox('INBOX')
      expect(found.entries).toHaveLength(1)
      expect(found.uidValidity).toBe(uidValidity)
      expect(entryAt(found, 0).uid).toBeGreaterThan(Math.max(...used))
    },
  },
  {
    name: 'shared: two processes deliver and expunge at the same time and agree',
    needs: ['shared'],
    async run(fixture) {
      const mine = await fixture.store.open(fixture.account)
      const theirs = await (await reopened(fixture)).open(fixture.account)
      const both = [mine, theirs]
      await Promise.all(
        Array.from({ length: 12 }, (_, index) =>
          deliver(both[index % 2] ?? mine, sampleMessage(`shared ${index}`)),
        ),
      )
      const [first, second] = await Promise.all([mine.openMailbox('INBOX'), theirs.openMailbox('INBOX')])
      expect(first.entries).toHaveLength(12)
      expect(second.entries).toEqual(first.entries)
      const gone = await second.expunge(uidsOf(second).slice(0, 5))
      expect(await first.refresh()).toBe(true)
      expect(uidsOf(first).some((uid) => gone.includes(uid))).toBe(false)
      await deliver(mine)
      await Promise.all([first.refresh(), second.refresh()])
      expect(second.entries).toEqual(first.entries)
      expectWellFormed(second)
    },
  },
  {
    name: 'reopen: keywords outlive the store object',
    needs: ['persistent', 'flags', 'keywords'],
    async run(fixture) {
      const opened = await fixture.store.open(fixture.account)
      const keywords = Array.from({ length: 60 }, (_, index) => `Label-${index}`)
      await deliverMany(opened, 3)
      const mailbox = await opened.openMailbox('INBOX')
      await mailbox.changeFlags([entryAt(mailbox, 0).uid], { add: keywords })
      await mailbox.changeFlags([entryAt(mailbox, 1).uid], { add: ['$Forwarded', '\\Seen', 'Label-59'] })
      await mailbox.changeFlags([entryAt(mailbox, 1).uid], { remove: ['$Forwarded'] })
      const { entries } = mailbox
      const again = await (await reopened(fixture)).open(fixture.account)
      const found = await again.openMailbox('INBOX')
      expect(found.entries).toEqual(entries)
      await found.changeFlags([entryAt(found, 2).uid], { add: ['Label-7', 'new'] })
      expect(entryAt(found, 2).flags).toEqual(['Label-7', 'new'])
      expect(entryAt(found, 0).flags).toEqual([...keywords].sort())
    },
  },
  {
    name: 'reopen: mod-sequences and vanished UIDs outlive the store object and go on growing',
    needs: ['persistent', 'modSequences'],
    async run(fixture) {
      const opened = await fixture.store.open(fixture.account)
      await deliverMany(opened, 4)
      const mailbox = await opened.openMailbox('INBOX')
      const known = learnAll(mailbox)
      const [first = 0, second = 0, third = 0] = uidsOf(mailbox)
      if (fixture.store.supports.flags) await mailbox.changeFlags([third], { add: ['\\Flagged'] })
      await mailbox.expunge([first, second])
      const { highestModSequence } = mailbox
      const again = await (await reopened(fixture)).open(fixture.account)
      const found = await again.openMailbox('INBOX')
      expect(found.highestModSequence).toBeGreaterThanOrEqual(highestModSequence)
      await expectVanished(again, found, known.modSequence, [first, second])
      expect(await catchUp(known, found)).toEqual(learnAll(found))
      await found.expunge([third])
      await deliver(again)
      await found.refresh()
      expect(entryAt(found, 1).modSequence).toBeGreaterThan(highestModSequence)
      await expectVanished(again, found, highestModSequence, [third])
    },
  },
  {
    name: 'reopen: ids and, where there are any, subscriptions, special uses and annotations',
    needs: ['persistent', 'mailboxes'],
    async run(fixture) {
      const { supports } = fixture.store
      const opened = await fixture.store.open(fixture.account)
      for (const name of ['Sent', 'Work/Bills']) await opened.createMailbox(name)
      if (supports.subscriptions) {
        for (const name of ['Sent', 'Nowhere']) await opened.subscribe(name, true)
        await opened.setSpecialUse('Sent', '\\Sent')
      }
      const annotations = new Map([['/private/comment', Buffer.from('a\0b')]])
      for (const mailbox of supports.metadata ? ['Work', undefined] : [])
        await opened.setMetadata(mailbox, annotations)
      const listed = await opened.mailboxes()
      const marks = await Promise.all(listed.map(({ name }) => opened.status(name)))
      const again = await (await reopened(fixture)).open(fixture.account)
      expect(await again.mailboxes()).toEqual(listed)
      for (const { name, id, uidValidity } of marks)
        expect(await again.status(name)).toMatchObject({ id, uidValidity })
      if (supports.subscriptions) expect(await again.subscriptions()).toEqual(['Nowhere', 'Sent'])
      for (const mailbox of supports.metadata ? ['Work', undefined] : [])
        expect(await again.metadata(mailbox)).toEqual(annotations)
    },
  },
  {
    name: 'shared: two processes append at the same time, and each is told its own UIDs',
    needs: ['shared'],
    async run(fixture) {
      const mine = await fixture.store.open(fixture.account)
      const theirs = await (await reopened(fixture)).open(fixture.account)
      const batches = Array.from({ length: 6 }, () => [sampleMessage(), sampleMessage()])
      const answers = await Promise.all(
        batches.map((batch, index) => append(index % 2 === 0 ? mine : theirs, batch)),
      )
      const mailbox = await theirs.openMailbox('INBOX')
      expectWellFormed(mailbox)
      const given = answers.flatMap((answer) => answer.uids)
      expect([...given].sort((a, b) => a - b)).toEqual(uidsOf(mailbox))
      const contents = await Promise.all(given.map((uid) => contentText(mailbox, uid)))
      expect(contents).toEqual(batches.flat().map(text))
    },
  },
  {
    name: 'shared: what one process changes the other sees: flags, keywords, mod-sequences, expunges',
    needs: ['shared', 'flags', 'modSequences'],
    async run(fixture) {
      const { keywords } = fixture.store.supports
      const mine = await fixture.store.open(fixture.account)
      const theirs = await (await reopened(fixture)).open(fixture.account)
      await deliverMany(mine, 8)
      const [first, second] = await Promise.all([mine.openMailbox('INBOX'), theirs.openMailbox('INBOX')])
      let known = learnAll(first)
      for (let round = 0; round < 4; round++) {
        const [changing, watching] = round % 2 === 0 ? [first, second] : [second, first]
        await changing.changeFlags(uidsOf(changing).slice(0, 3), {
          set: ['\\Seen', ...(keywords ? [`Round-${round}`] : [])],
        })
        await changing.expunge(uidsOf(changing).slice(-1))
        expect(await watching.refresh()).toBe(true)
        await changing.refresh()
        expect(watching.entries).toEqual(changing.entries)
        expect(watching.highestModSequence).toBe(changing.highestModSequence)
        known = await catchUp(known, watching)
        expect(known, `round ${round + 1}`).toEqual(learnAll(changing))
      }
    },
  },
  {
    name: 'shared: of two processes that change a message at the same time with unchangedSince one succeeds',
    needs: ['shared', 'flags', 'modSequences'],
    async run(fixture) {
      const mine = await fixture.store.open(fixture.account)
      const theirs = await (await reopened(fixture)).open(fixture.account)
      await deliver(mine)
      for (const flag of ['\\Answered', '\\Draft', '\\Flagged']) {
        const views = await Promise.all([mine.openMailbox('INBOX'), theirs.openMailbox('INBOX')])
        const outcomes = await Promise.all(
          views.map((view, index) => {
            const { uid, modSequence } = entryAt(view, 0)
            const change = index === 0 ? { add: [flag] } : { set: ['\\Deleted', flag] }
            return view.changeFlags([uid], change, { unchangedSince: modSequence })
          }),
        )
        expect(outcomes.map((outcome) => outcome.entries.length).sort(), flag).toEqual([0, 1])
        const winner = present(
          outcomes.find((outcome) => outcome.entries.length === 1),
          'the winner',
        )
        expect((await mine.openMailbox('INBOX')).entries).toEqual(winner.entries)
        expect((await theirs.openMailbox('INBOX')).entries).toEqual(winner.entries)
      }
    },
  },
]
