import { expect } from 'vitest'
import type { AccountStore } from '../../services/store.ts'
import { expectCode, outcomeOf, present } from './expectations.ts'
import {
  type AnnouncedChange,
  contentsOf,
  deliver,
  deliverMany,
  entryAt,
  expectWellFormed,
  type StoreCase,
  type StoreFixture,
  sampleMessage,
  stage,
  text,
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
  for (const name of await opened.mailboxes()) {
    const mailbox = await opened.openMailbox(name)
    await mailbox.expunge(uidsOf(mailbox))
    await mailbox.close()
  }
}

/** What a store tells the rest of the system, and what it does when the medium below it fails. */
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
]
