import { expect } from 'vitest'
import { bufferContent } from '../../model/content.ts'
import { expectCode } from './expectations.ts'
import {
  contentsOf,
  deliver,
  deliverMany,
  entryAt,
  messageOfSize,
  namesOf,
  otherAccount,
  reopened,
  type StoreCase,
  sampleMessage,
  stage,
  text,
  uidsOf,
} from './store-fixture.ts'

const hostileLocalParts: readonly string[] = [
  '../other',
  '..',
  '.',
  '.hidden',
  'a/b',
  'a\\b',
  'a b',
  'ü',
  '__proto__',
  "a'; DROP TABLE messages;--",
  '%2e%2e',
  '{user}',
  '日本語',
  'x'.repeat(64),
]

/** Quotas, the maildrop lock, and that accounts are apart. */
export const limitCases: readonly StoreCase[] = [
  {
    name: 'quota: MAIL_E_OVER_QUOTA for what does not fit, nothing left of it; what fits exactly is taken',
    async run({ store, account }) {
      const opened = await store.open({ ...account, quotaBytes: 1000 })
      await deliver(opened, messageOfSize(600))
      await expectCode(stage(opened, messageOfSize(401)), 'MAIL_E_OVER_QUOTA')
      expect(await opened.usage()).toEqual({ bytes: 600, messages: 1 })
      await deliver(opened, messageOfSize(400))
      expect(await opened.usage()).toEqual({ bytes: 1000, messages: 2 })
      await expectCode(stage(opened, messageOfSize(100)), 'MAIL_E_OVER_QUOTA')
    },
  },
  {
    name: 'quota: append counts what the caller is going to expunge as gone; who needs no more need not fit',
    async run({ store, account }) {
      const opened = await store.open({ ...account, quotaBytes: 1000 })
      await deliver(opened, messageOfSize(900))
      const append = (size: number, freed?: number) =>
        opened.append('INBOX', [{ content: bufferContent(messageOfSize(size)) }], undefined, freed)
      await expectCode(append(500), 'MAIL_E_OVER_QUOTA')
      await expectCode(append(500, 300), 'MAIL_E_OVER_QUOTA')
      expect(await opened.usage()).toEqual({ bytes: 900, messages: 1 })
      expect((await append(500, 400)).uids).toHaveLength(1)
      const over = await store.open({ ...account, quotaBytes: 500 })
      await expectCode(append(100), 'MAIL_E_OVER_QUOTA')
      const message = { content: bufferContent(messageOfSize(200)) }
      await expectCode(over.append('INBOX', [message]), 'MAIL_E_OVER_QUOTA')
      expect((await over.append('INBOX', [message], undefined, 200)).uids).toHaveLength(1)
      expect(await opened.usage()).toEqual({ bytes: 1600, messages: 3 })
    },
  },
  {
    name: 'quota: is what the account says now, and room comes back with an expunge',
    async run({ store, account }) {
      const small = await store.open({ ...account, quotaBytes: 700 })
      await deliver(small, messageOfSize(600))
      await expectCode(stage(small, messageOfSize(600)), 'MAIL_E_OVER_QUOTA')
      const large = await store.open({ ...account, quotaBytes: 1200 })
      await deliver(large, messageOfSize(600))
      const mailbox = await small.openMailbox('INBOX')
      await mailbox.expunge(uidsOf(mailbox))
      await deliver(small, messageOfSize(600))
      await deliver(await store.open(account), messageOfSize(5000))
      expect(await small.usage()).toEqual({ bytes: 5600, messages: 2 })
    },
  },
  {
    name: 'quota: room comes back with an abort',
    async run({ store, account }) {
      const opened = await store.open({ ...account, quotaBytes: 1000 })
      for (let round = 0; round < 3; round++) {
        const staged = await stage(opened, messageOfSize(800))
        await staged.abort()
        await staged.abort()
      }
      await deliver(opened, messageOfSize(600))
      const staged = await stage(opened, messageOfSize(400))
      await staged.abort()
      await deliver(opened, messageOfSize(400))
      await expectCode(stage(opened, messageOfSize(100)), 'MAIL_E_OVER_QUOTA')
      expect(await opened.usage()).toEqual({ bytes: 1000, messages: 2 })
    },
  },
  {
    name: 'quota: holds for all mailboxes together, and for copies; a move needs no room',
    needs: ['mailboxes'],
    async run({ store, account }) {
      const opened = await store.open({ ...account, quotaBytes: 1500 })
      await deliver(opened, messageOfSize(600), 'Archive', { create: true })
      await deliver(opened, messageOfSize(600))
      await expectCode(stage(opened, messageOfSize(400), 'Archive'), 'MAIL_E_OVER_QUOTA')
      const inbox = await opened.openMailbox('INBOX')
      await expectCode(inbox.copy(uidsOf(inbox), 'Archive'), 'MAIL_E_OVER_QUOTA')
      expect(await opened.usage()).toEqual({ bytes: 1200, messages: 2 })
      await inbox.move(uidsOf(inbox), 'Archive')
      expect(await opened.usage()).toEqual({ bytes: 1200, messages: 2 })
      expect(await contentsOf(opened, 'Archive')).toHaveLength(2)
    },
  },
  {
    name: 'lockMaildrop: MAIL_E_IN_USE while another holds it, free again after its release',
    async run({ store, account }) {
      const mine = await store.open(account)
      const theirs = await store.open(account)
      const lease = await mine.lockMaildrop()
      await expectCode(theirs.lockMaildrop(), 'MAIL_E_IN_USE')
      await expectCode(mine.lockMaildrop(), 'MAIL_E_IN_USE')
      await lease.release()
      const next = await theirs.lockMaildrop()
      await lease.release()
      await expectCode(mine.lockMaildrop(), 'MAIL_E_IN_USE')
      await next.release()
      await (await mine.lockMaildrop()).release()
    },
  },
  {
    name: 'lockMaildrop: of those who ask at the same time one gets it',
    async run({ store, account }) {
      const openers = await Promise.all(Array.from({ length: 8 }, () => store.open(account)))
      const outcomes = await Promise.allSettled(openers.map((opened) => opened.lockMaildrop()))
      const leases = outcomes.filter((outcome) => outcome.status === 'fulfilled')
      expect(leases).toHaveLength(1)
      for (const lease of leases) await lease.value.release()
    },
  },
  {
    name: 'lockMaildrop: keeps out neither deliveries nor readers nor other accounts',
    async run({ store, account }) {
      const opened = await store.open(account)
      const lease = await opened.lockMaildrop()
      await deliverMany(await store.open(account), 2)
      expect(await contentsOf(opened)).toHaveLength(2)
      const mailbox = await opened.openMailbox('INBOX')
      await mailbox.expunge([entryAt(mailbox, 0).uid])
      const neighbour = await (await store.open(otherAccount(account, 'neighbour'))).lockMaildrop()
      await neighbour.release()
      await lease.release()
    },
  },
  {
    name: 'lockMaildrop: holds for other processes too',
    needs: ['shared'],
    async run(fixture) {
      const mine = await fixture.store.open(fixture.account)
      const theirs = await (await reopened(fixture)).open(fixture.account)
      const lease = await mine.lockMaildrop()
      await expectCode(theirs.lockMaildrop(), 'MAIL_E_IN_USE')
      await lease.release()
      await (await theirs.lockMaildrop()).release()
    },
  },
  {
    name: 'accounts: are apart, whatever their addresses look like',
    async run({ store, account }) {
      const opened = await store.open(account)
      const own = sampleMessage('own')
      await deliver(opened, own)
      for (const localPart of hostileLocalParts) {
        const neighbour = await store.open(otherAccount(account, localPart))
        expect(await contentsOf(neighbour), localPart).toEqual([])
        await deliver(neighbour, sampleMessage(`for ${localPart}`))
      }
      for (const localPart of hostileLocalParts) {
        const neighbour = await store.open(otherAccount(account, localPart))
        expect(await contentsOf(neighbour), localPart).toEqual([text(sampleMessage(`for ${localPart}`))])
        expect(neighbour.account.address.localPart).toBe(localPart)
      }
      expect(await contentsOf(opened)).toEqual([text(own)])
      expect(await namesOf(opened)).toEqual(['INBOX'])
    },
  },
]
