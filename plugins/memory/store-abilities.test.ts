import { MailwrightError, type MessageEntry, type StoreAbilities } from 'mailwright'
import { describe, expect, it } from 'vitest'
import { brokenFixture, failedCases, type StoreMistakes } from '../../test/support/faults/broken-store.ts'

// The contract holds stores to what they can and to how they refuse the rest. The store in memory can nearly all; here it
// is made to deny it, or to say more.

async function unsupported(): Promise<never> {
  throw new MailwrightError('MAIL_E_UNSUPPORTED', 'this store cannot do that')
}

/** Abilities that are denied, each with how the store refuses. */
const denials: Readonly<Partial<Record<keyof StoreAbilities, StoreMistakes>>> = {
  mailboxes: {
    account: (inner) => ({
      createMailbox: unsupported,
      deleteMailbox: unsupported,
      renameMailbox: unsupported,
      stage: (mailbox, content, options = {}) =>
        options.create === true && mailbox !== 'INBOX'
          ? unsupported()
          : inner.stage(mailbox, content, options),
    }),
  },
  flags: { mailbox: () => ({ changeFlags: unsupported }) },
  keywords: {
    mailbox: (inner) => ({
      changeFlags: (uids, change, options) =>
        Object.values(change)
          .flat()
          .some((flag: string) => !flag.startsWith('\\'))
          ? unsupported()
          : inner.changeFlags(uids, change, options),
    }),
  },
  modSequences: {
    mailbox: (inner) => ({
      get entries() {
        return inner.entries.map((entry): MessageEntry => ({ ...entry, modSequence: 0 }))
      },
      vanishedSince: unsupported,
      changeFlags: async (uids, change, options = {}) => {
        if (options.unchangedSince !== undefined) return unsupported()
        const { entries, modified } = await inner.changeFlags(uids, change)
        return { entries: entries.map((entry) => ({ ...entry, modSequence: 0 })), modified }
      },
    }),
  },
  subscriptions: {
    account: (inner) => ({
      subscriptions: unsupported,
      subscribe: unsupported,
      setSpecialUse: unsupported,
      createMailbox: (name, options = {}) =>
        options.specialUse === undefined ? inner.createMailbox(name) : unsupported(),
    }),
  },
  metadata: { account: () => ({ metadata: unsupported, setMetadata: unsupported }) },
}

describe('the store contract passes', () => {
  it.each(Object.entries(denials))('a store that denies %s', async (ability, refusals) => {
    const failures = await failedCases(() => brokenFixture({ ...refusals, supports: { [ability]: false } }))
    expect(failures).toEqual([])
  })

  it('a store that is persistent and shared', async () => {
    const supports = { persistent: true, shared: true }
    expect(await failedCases(() => brokenFixture({ supports }))).toEqual([])
  })
})
