import {
  type Account,
  type AccountStore,
  type Mailbox,
  parseAddress,
  type StagedMessage,
  type Store,
  type StoreAbilities,
} from 'mailwright'
import { createMemoryStore } from 'mailwright/plugins/memory'
import { overlay, recordedRetrieval, runCases, type StoreFixture, storeCases } from 'mailwright/testing'

/** What is wrong with a store. */
export interface StoreMistakes {
  readonly supports?: Partial<StoreAbilities>
  readonly open?: (account: Account) => Account
  readonly account?: (inner: AccountStore) => Partial<AccountStore>
  readonly mailbox?: (inner: Mailbox) => Partial<Mailbox>
  readonly staged?: (inner: StagedMessage) => StagedMessage
  readonly store?: (inner: Store) => Partial<Store>
}

/** A mistake that stores make, and the beginning of a case that must notice it. */
export type NoticedMistake = readonly [mistake: string, noticedBy: string, mistakes: StoreMistakes]

/** A store that does what another does, but for its mistakes. */
export function brokenStore(store: Store, mistakes: StoreMistakes): Store {
  const breakAccount = (inner: AccountStore): AccountStore => {
    const changed = overlay(inner, { ...mistakes.account?.(inner) })
    return overlay(changed, {
      openMailbox: async (name) => {
        const mailbox = await changed.openMailbox(name)
        return mistakes.mailbox === undefined ? mailbox : overlay(mailbox, mistakes.mailbox(mailbox))
      },
      stage: async (...args) => {
        const staged = await changed.stage(...args)
        return mistakes.staged?.(staged) ?? staged
      },
    })
  }
  return overlay(store, {
    supports: { ...store.supports, ...mistakes.supports },
    open: async (account) => breakAccount(await store.open(mistakes.open?.(account) ?? account)),
    ...mistakes.store?.(store),
  })
}

/** The store in memory with mistakes, to be examined. Opened again it is the same store, with the same mistakes. */
export async function brokenFixture(
  mistakes: StoreMistakes,
  more: Partial<StoreFixture> = {},
): Promise<StoreFixture> {
  const retrieval = recordedRetrieval()
  const store = brokenStore(createMemoryStore(retrieval), mistakes)
  const address = parseAddress('jo@example.org')
  if (address === undefined) throw new TypeError('not an address')
  return {
    store,
    account: { id: '1', address },
    announced: () => retrieval.changes,
    reopen: async () => store,
    ...more,
  }
}

/** Names of the cases that fail, of all or of those whose names begin so. */
export async function failedCases(
  create: () => Promise<StoreFixture>,
  beginning = '',
): Promise<readonly string[]> {
  const cases = storeCases(await create()).filter(({ name }) => name.startsWith(beginning))
  if (cases.length === 0) throw new TypeError(`no case begins with ${JSON.stringify(beginning)}`)
  const failures = await runCases(cases, create)
  return failures.map((failure) => failure.name)
}
