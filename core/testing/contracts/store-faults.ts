import { expect } from 'vitest'
import type { AccountStore } from '../../services/store.ts'
import { expectCode, outcomeOf, present } from './expectations.ts'
import {
  append,
  contentsOf,
  deliver,
  deliverMany,
  entryAt,
  expectWellFormed,
  namesOf,
  type StoreCase,
  type StoreFixture,
  sampleMessage,
  text,
  uidsOf,
} from './store-fixture.ts'
import { catchUp, learnAll } from './store-vanished.ts'

/**
 * Tries a step again and again, each time with a later call to the medium failing, until the step no longer gets as far
 * as the fault. After each try `check` says whether what is there fits the step's success or failure.
 */
async function withEachFault(
  fixture: StoreFixture,
  step: () => Promise<unknown>,
  check: (succeeded: boolean) => Promise<void>,
): Promise<void> {
  for (let skip = 0; skip < 500; skip++) {
    const end = present(fixture.injectFault, 'injectFault')(skip)
    const outcome = await outcomeOf(step())
    const struck = end()
    if (!outcome.ok)
      await expectCode(Promise.reject(outcome.error), 'MAIL_E_UNAVAILABLE', 'MAIL_E_OVER_QUOTA')
    await check(outcome.ok)
    if (!struck) return expect(outcome.ok, 'it works without a fault').toBe(true)
  }
  expect.fail('the step makes more than 500 calls')
}

async function emptied(opened: AccountStore): Promise<void> {
  for (const name of await namesOf(opened)) {
    const mailbox = await opened.openMailbox(name)
    await mailbox.expunge(uidsOf(mailbox))
    await mailbox.close()
  }
}

/** What a store does when the medium below it fails. */
export const faultCases: readonly StoreCase[] = [
  {
    name: 'faults: a delivery is there whole or not at all, and the next one works',
    needs: ['injected faults'],
    async run(fixture) {
      const opened = await fixture.store.open(fixture.account)
      const there: string[] = []
      let message = sampleMessage()
      await withEachFault(
        fixture,
        () => deliver(opened, message),
        async (succeeded) => {
          if (succeeded) there.push(text(message))
          expect(await contentsOf(opened)).toEqual(there)
          message = sampleMessage()
        },
      )
      expectWellFormed(await opened.openMailbox('INBOX'))
    },
  },
  {
    name: 'faults: an expunge removes all or none',
    needs: ['injected faults'],
    async run(fixture) {
      const opened = await fixture.store.open(fixture.account)
      let messages = await deliverMany(opened, 4)
      let mailbox = await opened.openMailbox('INBOX')
      await withEachFault(
        fixture,
        () => mailbox.expunge(uidsOf(mailbox).slice(0, 3)),
        async (succeeded) => {
          expect(await contentsOf(opened)).toEqual(messages.slice(succeeded ? 3 : 0).map(text))
          await emptied(opened)
          messages = await deliverMany(opened, 4)
          mailbox = await opened.openMailbox('INBOX')
        },
      )
    },
  },
  {
    name: 'faults: a copy brings all or none, a move never loses one',
    needs: ['injected faults', 'mailboxes'],
    async run(fixture) {
      const opened = await fixture.store.open(fixture.account)
      await opened.createMailbox('Archive')
      for (const way of ['copy', 'move'] as const) {
        let messages = await deliverMany(opened, 3)
        let mailbox = await opened.openMailbox('INBOX')
        await withEachFault(
          fixture,
          () => mailbox[way](uidsOf(mailbox), 'Archive'),
          async (succeeded) => {
            const [left, arrived] = [await contentsOf(opened), await contentsOf(opened, 'Archive')]
            if (way === 'copy' || !succeeded) expect(left).toEqual(messages.map(text))
            else expect(left).toEqual([])
            expect(arrived).toEqual(succeeded ? messages.map(text) : [])
            await emptied(opened)
            messages = await deliverMany(opened, 3)
            mailbox = await opened.openMailbox('INBOX')
          },
        )
        await emptied(opened)
      }
    },
  },
  {
    name: 'faults: a change of flags loses no message, and no UID comes back',
    needs: ['injected faults', 'flags'],
    async run(fixture) {
      const opened = await fixture.store.open(fixture.account)
      const messages = await deliverMany(opened, 2)
      const mailbox = await opened.openMailbox('INBOX')
      const uids = uidsOf(mailbox)
      let flag = '\\Seen'
      await withEachFault(
        fixture,
        () => mailbox.changeFlags(uids, { set: [flag] }),
        async (succeeded) => {
          const fresh = await opened.openMailbox('INBOX')
          expect(await contentsOf(opened)).toEqual(messages.map(text))
          expect(uidsOf(fresh)).toEqual(uids)
          if (succeeded) expect(fresh.entries.map((entry) => entry.flags)).toEqual([[flag], [flag]])
          flag = flag === '\\Seen' ? '\\Flagged' : '\\Seen'
        },
      )
      expect(entryAt(mailbox, 0).uid).toBe(uids[0])
    },
  },
  {
    name: 'faults: an append of several brings all or none',
    needs: ['injected faults'],
    async run(fixture) {
      const opened = await fixture.store.open(fixture.account)
      const there: string[] = []
      let messages = [sampleMessage(), sampleMessage(), sampleMessage()]
      await withEachFault(
        fixture,
        async () => {
          const { uids } = await append(opened, messages)
          expect(uids).toHaveLength(3)
        },
        async (succeeded) => {
          if (succeeded) there.push(...messages.map(text))
          expect(await contentsOf(opened)).toEqual(there)
          messages = [sampleMessage(), sampleMessage(), sampleMessage()]
        },
      )
      expectWellFormed(await opened.openMailbox('INBOX'))
      expect(await opened.usage()).toMatchObject({ messages: there.length })
    },
  },
  {
    name: 'faults: mod-sequences and vanished UIDs never lie',
    needs: ['injected faults', 'flags', 'modSequences'],
    async run(fixture) {
      const opened = await fixture.store.open(fixture.account)
      await deliverMany(opened, 2)
      let mailbox = await opened.openMailbox('INBOX')
      let known = learnAll(mailbox)
      await withEachFault(
        fixture,
        async () => {
          await mailbox.changeFlags(uidsOf(mailbox), { set: ['\\Seen'] })
          await append(opened, [sampleMessage()])
          await mailbox.expunge(uidsOf(mailbox).slice(0, 1))
        },
        async () => {
          const fresh = await opened.openMailbox('INBOX')
          expectWellFormed(fresh)
          expect(await catchUp(known, fresh)).toEqual(learnAll(fresh))
          expect((await opened.status('INBOX')).highestModSequence).toBe(fresh.highestModSequence)
          await mailbox.refresh()
          expect(mailbox.entries, 'the view recovers').toEqual(fresh.entries)
          await emptied(opened)
          await deliverMany(opened, 2)
          mailbox = await opened.openMailbox('INBOX')
          known = learnAll(mailbox)
        },
      )
    },
  },
  {
    name: 'faults: annotations are set all or none',
    needs: ['injected faults', 'metadata'],
    async run(fixture) {
      const opened = await fixture.store.open(fixture.account)
      let [before, value] = ['', 'value 0']
      const names = ['/private/a', '/private/b', '/private/c']
      await withEachFault(
        fixture,
        () => opened.setMetadata('INBOX', new Map(names.map((name) => [name, Buffer.from(value)]))),
        async (succeeded) => {
          const found = [...(await opened.metadata('INBOX')).values()].map(String)
          const expected = succeeded ? value : before
          expect(found).toEqual(expected === '' ? [] : [expected, expected, expected])
          before = expected
          value = `${value}x`
        },
      )
    },
  },
  {
    name: 'faults: a mailbox is made whole or can be made again, and deleted or there',
    needs: ['injected faults', 'mailboxes'],
    async run(fixture) {
      const opened = await fixture.store.open(fixture.account)
      const remake = async () => {
        if ((await namesOf(opened)).includes('Work')) await opened.deleteMailbox('Work')
      }
      await withEachFault(
        fixture,
        () => opened.createMailbox('Work'),
        async (succeeded) => {
          if (succeeded) expect(await namesOf(opened)).toEqual(['INBOX', 'Work'])
          await remake()
          await deliver(opened, sampleMessage(), 'Work', { create: true })
          expect(await contentsOf(opened, 'Work')).toHaveLength(1)
          await remake()
        },
      )
      await opened.createMailbox('Work')
      await withEachFault(
        fixture,
        () => opened.deleteMailbox('Work'),
        async (succeeded) => {
          const names = await namesOf(opened)
          if (succeeded) expect(names).toEqual(['INBOX'])
          await remake()
          await opened.createMailbox('Work')
          await deliver(opened, sampleMessage(), 'Work')
        },
      )
    },
  },
  {
    name: 'faults: a mailbox is renamed or not, and no message gets lost',
    needs: ['injected faults', 'mailboxes'],
    async run(fixture) {
      const opened = await fixture.store.open(fixture.account)
      await deliver(opened, sampleMessage(), 'Work', { create: true })
      await deliverMany(opened, 2, 'Work')
      const kept = await contentsOf(opened, 'Work')
      let [from, to] = ['Work', 'Play']
      await withEachFault(
        fixture,
        () => opened.renameMailbox(from, to),
        async (succeeded) => {
          const names = await namesOf(opened)
          if (succeeded) expect(names).toEqual(['INBOX', to])
          expect(names, 'it has one name').toHaveLength(2)
          if (names.includes(to)) [from, to] = [to, from]
          expect(await contentsOf(opened, from)).toEqual(kept)
        },
      )
    },
  },
]
