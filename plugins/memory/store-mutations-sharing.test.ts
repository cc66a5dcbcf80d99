import {
  type AccessEntry,
  type Account,
  type AccountStore,
  type MailboxInfo,
  MailwrightError,
  parseAddress,
  type Store,
} from 'mailwright'
import { type AccessLists, type GuardedStore, guardedStore, MemoryAccessLists } from 'mailwright/rights'
import { fixtureAccountById, overlay, recordedRetrieval, type StoreFixture } from 'mailwright/testing'
import { describe, expect, it } from 'vitest'
import { brokenStore, failedCases, type StoreMistakes } from '../../test/support/faults/broken-store.ts'
import { createMemoryStore } from './store.ts'

/** What is wrong with a store whose mailboxes can be opened to others. */
interface SharingMistakes {
  readonly lists?: (inner: AccessLists) => Partial<AccessLists>
  /** Of the plain store below the layer of access rights. */
  readonly plain?: StoreMistakes
  /** Of the whole; `parts` are what it is made of. */
  readonly whole?: (parts: SharingParts) => StoreMistakes
  readonly reopened?: (parts: SharingParts) => Store
}

interface SharingParts {
  readonly plain: Store
  readonly lists: AccessLists
  readonly store: GuardedStore
}

const address = parseAddress('jo@example.org')
if (address === undefined) throw new TypeError('not an address')
const account: Account = { id: '1', address }
const publicAccount: Account = { ...account, id: 'public' }

function guarded(plain: Store, lists: AccessLists): GuardedStore {
  const accountById = async (id: string) => fixtureAccountById(account, id)
  return guardedStore(plain, { lists, accountById, publicAccount })
}

async function brokenSharing(mistakes: SharingMistakes): Promise<StoreFixture> {
  const plain = brokenStore(createMemoryStore(recordedRetrieval()), {
    supports: { persistent: true, shared: true },
    ...mistakes.plain,
  })
  const kept = new MemoryAccessLists()
  const lists = overlay<AccessLists>(kept, mistakes.lists?.(kept) ?? {})
  const parts: SharingParts = { plain, lists, store: guarded(plain, lists) }
  const store = brokenStore(parts.store, mistakes.whole?.(parts) ?? {})
  return {
    store,
    account,
    reopen: async () => mistakes.reopened?.(parts) ?? store,
    async publicMailbox(name, list) {
      await parts.store.publicMailboxes?.create(`Shared/${name}`)
      for (const { identifier, rights } of list)
        await parts.store.publicMailboxes?.setAccess(`Shared/${name}`, identifier, rights)
    },
  }
}

/** Lists that say something else than was set. */
function reading(map: (entry: AccessEntry) => AccessEntry | undefined): SharingMistakes {
  const mapped = (list: readonly AccessEntry[]) => list.flatMap((entry) => map(entry) ?? [])
  return {
    lists: (inner) => ({
      read: async (...words) => mapped(await inner.read(...words)),
      shares: async (identifiers) =>
        (await inner.shares(identifiers)).map((share) => ({ ...share, list: mapped(share.list) })),
    }),
  }
}

/** Whoever has one right has another too. */
function giving(right: string, more: string): SharingMistakes {
  return reading((entry) =>
    entry.rights.includes(right) && !entry.identifier.startsWith('-')
      ? { ...entry, rights: entry.rights + more }
      : entry,
  )
}

function through(map: (inner: AccountStore, parts: SharingParts) => Partial<AccountStore>): SharingMistakes {
  return { whole: (parts) => ({ account: (inner) => map(inner, parts) }) }
}

function listing(map: (info: MailboxInfo) => MailboxInfo): SharingMistakes {
  return through((inner) => ({ mailboxes: async () => (await inner.mailboxes()).map(map) }))
}

const isOthers = (name: string): boolean => name.startsWith('Other Users/')

type NoticedMistake = readonly [mistake: string, noticedBy: string, mistakes: SharingMistakes]

const rightsMistakes: readonly NoticedMistake[] = [
  [
    'lines that take away are not looked at',
    'sharing: everybody, an id',
    reading((entry) => (entry.identifier.startsWith('-') ? undefined : entry)),
  ],
  [
    'addresses are not looked at',
    'sharing: everybody, an id',
    reading((entry) => (entry.identifier.includes('@') ? undefined : entry)),
  ],
  [
    'rights are those of the first look',
    'rights: content needs r',
    {
      lists: (inner) => {
        const seen = new Map<string, Promise<readonly AccessEntry[]>>()
        return {
          read: (owner, mailbox) => {
            const key = `${owner} ${mailbox}`
            const list = seen.get(key) ?? inner.read(owner, mailbox)
            if (mailbox === 'Work') seen.set(key, list)
            return list
          },
        }
      },
    },
  ],
  ['whoever may read may mark as seen', 'rights: changing \\Seen', giving('r', 's')],
  ['whoever may insert may delete', 'rights: deleteMailbox needs x', giving('i', 'x')],
  ['whoever may see may read', 'sharing: changes to a mailbox of others are told to those', giving('l', 'r')],
  ['whoever may read may see', 'sharing: a mailbox that is opened is listed', giving('r', 'l')],
  [
    'flags of what is appended are the sender’s',
    'sharing: flags beyond the rights are left out of what',
    giving('i', 'wst'),
  ],
  [
    'flags of copies are the sender’s',
    'sharing: flags beyond the rights are left out of copies',
    giving('i', 'wst'),
  ],
  ['whoever may mark may change all flags', 'sharing: of a change of flags', giving('s', 'w')],
  ['whoever may post may append', 'sharing: incoming mail', giving('p', 'i')],
  [
    'whatever is closed is refused as if it were there',
    'sharing: what is not opened',
    through((inner) => ({
      openMailbox: async (name) => {
        try {
          return await inner.openMailbox(name)
        } catch {
          throw new MailwrightError('MAIL_E_PERMISSION', `${name} is not open to you`)
        }
      },
    })),
  ],
  [
    'names are cleaned before they are looked for',
    'sharing: names that only look like',
    through((inner) => ({ openMailbox: (name) => inner.openMailbox(name.replace(/\/$/, '')) })),
  ],
  [
    'everybody who has one right learns of all',
    'sharing: whoever may do anything of the mailbox itself',
    giving('s', 'l'),
  ],
]

const listMistakes: readonly NoticedMistake[] = [
  [
    'a list stays behind a mailbox that is deleted',
    'sharing: a list goes with its mailbox',
    through((inner, { plain }) => ({
      deleteMailbox: async (name) => (await plain.open(inner.account)).deleteMailbox(name),
      createMailbox: async (name) => (await plain.open(inner.account)).createMailbox(name),
    })),
  ],
  [
    'a list does not go with a mailbox that is renamed',
    'sharing: a list stays with a mailbox',
    { lists: () => ({ renamed: async () => {} }) },
  ],
  [
    'lists of mailboxes below one that is renamed stay behind',
    'sharing: a list stays with a mailbox',
    {
      lists: (inner) => ({
        async renamed(owner, from, to) {
          const list = await inner.read(owner, from)
          await inner.update(owner, to, () => list)
          await inner.removed(owner, [from])
        },
      }),
    },
  ],
  [
    'a mailbox that its owner makes has no list to begin with',
    'sharing: a new mailbox has the list',
    through((inner, { plain }) => ({
      createMailbox: async (name, options) =>
        isOthers(name)
          ? inner.createMailbox(name, options)
          : (await plain.open(inner.account)).createMailbox(name, options),
    })),
  ],
  [
    'identifiers are kept as they are spelled',
    'sharing: an own line for each identifier',
    through((inner, { lists }) => ({
      setAccess: async (name, identifier, rights) => {
        if (!identifier.includes('@')) return inner.setAccess(name, identifier, rights)
        const owner = (await inner.accessList(name))[0]?.identifier ?? ''
        await lists.update(owner, 'Work', (list) => [
          ...list.filter((entry) => entry.identifier !== identifier),
          ...(rights === '' ? [] : [{ identifier, rights }]),
        ])
      },
    })),
  ],
  [
    'the owner’s line can be taken away',
    'sharing: an own line for each identifier',
    through((inner) => ({
      setAccess: (...words) =>
        inner.setAccess(...words).catch((error: unknown) => {
          if (words[2] !== '') throw error
        }),
    })),
  ],
  [
    'of two changes of a list at the same time one is lost',
    'sharing: lines that two set',
    {
      lists: (inner) => ({
        async update(owner, mailbox, change) {
          const list = change(await inner.read(owner, mailbox))
          await new Promise((resolve) => setImmediate(resolve))
          await inner.update(owner, mailbox, () => list)
        },
      }),
    },
  ],
  [
    'another process has lists of its own',
    'sharing: what one process gives',
    { reopened: ({ plain }) => guarded(plain, new MemoryAccessLists()) },
  ],
  [
    'lists are gone with the process',
    'sharing: lists outlive the process',
    { reopened: ({ plain }) => guarded(plain, new MemoryAccessLists()) },
  ],
  [
    'the last administrator of a public mailbox can go',
    'public mailboxes: the last',
    through((inner, { store }) => ({
      setAccess: async (name, ...words) =>
        name.startsWith('Shared/')
          ? store.publicMailboxes?.setAccess(name, ...words)
          : inner.setAccess(name, ...words),
    })),
  ],
]

const otherMistakes: readonly NoticedMistake[] = [
  [
    'another’s mailbox says that it is one’s own',
    'sharing: a mailbox that is opened is listed',
    listing((info) => ({ ...info, namespace: 'personal' })),
  ],
  [
    'another’s special use is shown',
    'sharing: special uses',
    listing((info) => (isOthers(info.name) ? { ...info, specialUse: '\\Archive' } : info)),
  ],
  [
    'subscribing needs the right to see',
    'sharing: subscriptions',
    through((inner) => ({
      subscribe: async (name, subscribed) => {
        await inner.myRights(name)
        await inner.subscribe(name, subscribed)
      },
    })),
  ],
  [
    'ids of mailboxes are each owner’s own',
    'sharing: a mailbox’s id',
    through((inner) => ({
      status: async (name) => ({ ...(await inner.status(name)), id: name.split('/').at(-1) ?? '' }),
    })),
  ],
  [
    'private annotations are everybody’s',
    'sharing: private annotations',
    {
      plain: {
        account: (inner) => ({
          setMetadata: (mailbox, changes) =>
            inner.setMetadata(
              mailbox,
              new Map(
                [...changes].map(([name, value]) => [
                  name.replace(/\/vendor\/mailwright\/of\/[^/]+/, ''),
                  value,
                ]),
              ),
            ),
        }),
      },
    },
  ],
  [
    'a move to another owner is a copy',
    'sharing: a move to another owner',
    { plain: { mailbox: () => ({ expunge: async () => [] }) } },
  ],
  [
    'a copy to another owner forgets dates',
    'sharing: a copy to another owner',
    {
      plain: {
        account: (inner) => ({
          append: (name, messages) =>
            inner.append(
              name,
              messages.map(({ internalDate: _, ...rest }) => rest),
            ),
        }),
      },
    },
  ],
  [
    'nobody is told of lists',
    'sharing: what is opened is told',
    { lists: () => ({ watch: async () => ({ release: async () => {} }) }) },
  ],
]

describe('the store contract notices', () => {
  it.concurrent.each([...rightsMistakes, ...listMistakes, ...otherMistakes])(
    '%s',
    async (_mistake, noticedBy, wrong) => {
      expect(await failedCases(() => brokenSharing(wrong), noticedBy)).not.toEqual([])
    },
  )

  it('nothing where nothing is wrong', async () => {
    for (const beginning of ['rights:', 'sharing:', 'public mailboxes:'])
      expect(await failedCases(() => brokenSharing({}), beginning)).toEqual([])
  })
})
