import { expect } from 'vitest'
import type { Mailbox } from '../../services/mailbox.ts'
import type { AccountStore } from '../../services/store.ts'
import { expectCode, present } from './expectations.ts'
import { append, deliver, deliverMany, type StoreCase, sampleMessage, uidsOf } from './store-fixture.ts'

/** Demands that UIDs are known to have been expunged after a mod-sequence, and none that is there or never was. */
export async function expectVanished(
  opened: AccountStore,
  mailbox: Mailbox,
  since: number,
  gone: readonly number[],
): Promise<void> {
  const vanished = present(await mailbox.vanishedSince(since), `vanishedSince(${since})`)
  const current = await opened.openMailbox(mailbox.name)
  const there = new Set(uidsOf(current))
  expect(vanished, 'each once, ascending').toEqual([...new Set(vanished)].sort((a, b) => a - b))
  expect(vanished, 'what was expunged').toEqual(expect.arrayContaining([...gone]))
  expect(
    vanished.filter((uid) => there.has(uid)),
    'what is there',
  ).toEqual([])
  expect(
    vanished.filter((uid) => !(Number.isInteger(uid) && uid > 0 && uid < current.uidNext)),
    'what never was',
  ).toEqual([])
}

/** What a client knows of a mailbox: flags by UID, as they were at a mod-sequence. */
export interface ClientMemory {
  readonly flags: ReadonlyMap<number, string>
  readonly modSequence: number
}

/** What a client learns that looks at everything. */
export function learnAll({ entries, highestModSequence }: Mailbox): ClientMemory {
  return {
    flags: new Map(entries.map((entry) => [entry.uid, entry.flags.join(' ')])),
    modSequence: highestModSequence,
  }
}

/** What a client knows that asks only for what has changed, as RFC 7162 §3.2.5 lets it come back. */
export async function catchUp(known: ClientMemory, mailbox: Mailbox): Promise<ClientMemory> {
  const flags = new Map(known.flags)
  const there = new Set(uidsOf(mailbox))
  const vanished = await mailbox.vanishedSince(known.modSequence)
  for (const uid of vanished ?? [...flags.keys()].filter((one) => !there.has(one))) flags.delete(uid)
  const changed = mailbox.entries.filter((entry) => entry.modSequence > known.modSequence)
  for (const entry of changed) flags.set(entry.uid, entry.flags.join(' '))
  return { flags, modSequence: mailbox.highestModSequence }
}

/** Which UIDs vanished (RFC 7162 §3.2). */
export const vanishedCases: readonly StoreCase[] = [
  {
    name: 'vanishedSince: right after an expunge it is known, to the one who did it and to others',
    needs: ['modSequences'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await deliverMany(opened, 5)
      const [mine, theirs] = [await opened.openMailbox('INBOX'), await opened.openMailbox('INBOX')]
      const [first = 0, second = 0, third = 0, , fifth = 0] = uidsOf(mine)
      const since = mine.highestModSequence
      await mine.expunge([fifth, second])
      await expectVanished(opened, mine, since, [second, fifth])
      const later = (await opened.status('INBOX')).highestModSequence
      await theirs.expunge([first])
      await theirs.refresh()
      for (const view of [mine, theirs, await opened.openMailbox('INBOX')]) {
        await expectVanished(opened, view, since, [first, second, fifth])
        await expectVanished(opened, view, later, [first])
        await expectVanished(opened, view, (await opened.status('INBOX')).highestModSequence, [])
      }
      await theirs.expunge(uidsOf(theirs))
      await expectVanished(opened, theirs, later, [first, third])
    },
    async otherwise({ store, account }) {
      const opened = await store.open(account)
      const mailbox = await opened.openMailbox('INBOX')
      await expectCode(mailbox.vanishedSince(0), 'MAIL_E_UNSUPPORTED')
    },
  },
  {
    name: 'vanishedSince: knows what was moved away; a message that comes back has another UID',
    needs: ['modSequences', 'mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await opened.createMailbox('Archive')
      await deliverMany(opened, 3)
      const inbox = await opened.openMailbox('INBOX')
      const archive = await opened.openMailbox('Archive')
      const since = inbox.highestModSequence
      const moved = uidsOf(inbox).slice(1)
      await inbox.move(moved, 'Archive')
      await archive.refresh()
      await archive.move(uidsOf(archive), 'INBOX')
      await inbox.refresh()
      expect(inbox.entries).toHaveLength(3)
      await expectVanished(opened, inbox, since, moved)
      await expectVanished(opened, archive, 0, [])
    },
  },
  {
    name: 'vanishedSince: a client that asks for changes only ends with what is there',
    needs: ['modSequences'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await deliverMany(opened, 10)
      const theirs = await opened.openMailbox('INBOX')
      let known = learnAll(theirs)
      for (let round = 0; round < 5; round++) {
        const [first = 0, second = 0, third = 0] = uidsOf(theirs)
        await theirs.expunge([second])
        await deliver(opened)
        if (store.supports.flags) await theirs.changeFlags([first, third], { set: ['\\Seen', '\\Draft'] })
        await append(opened, [sampleMessage(), sampleMessage()])
        await theirs.refresh()
        await theirs.expunge(uidsOf(theirs).slice(-1))
        const mailbox = await opened.openMailbox('INBOX')
        known = await catchUp(known, mailbox)
        expect(known, `round ${round + 1}`).toEqual(learnAll(mailbox))
      }
    },
  },
]
