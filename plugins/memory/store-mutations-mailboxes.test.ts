import {
  type AccountStore,
  type MailboxInfo,
  MailwrightError,
  type Metadata,
  type SpecialUse,
  type Store,
} from 'mailwright'
import { recordedRetrieval, type StoreFixture } from 'mailwright/testing'
import { describe, expect, it } from 'vitest'
import {
  brokenFixture,
  failedCases,
  type NoticedMistake,
  type StoreMistakes,
} from '../../test/support/faults/broken-store.ts'
import { createMemoryStore } from './store.ts'

/** Lists mailboxes otherwise than they are. */
function listing(map: (info: MailboxInfo) => MailboxInfo): StoreMistakes {
  return { account: (inner) => ({ mailboxes: async () => (await inner.mailboxes()).map(map) }) }
}

/** Gives mailboxes ids of another sort. */
function identified(id: (inner: { readonly name: string; readonly id: string }) => string): StoreMistakes {
  return {
    mailbox: (inner) => ({
      get id() {
        return id(inner)
      },
    }),
    account: (inner) => ({
      status: async (name) => {
        const status = await inner.status(name)
        return { ...status, id: id(status) }
      },
    }),
  }
}

/** Annotations that are kept in a map by the mailbox's name. */
function annotating(
  set: (values: Map<string, Buffer>, name: string, value: Buffer | null) => void,
): StoreMistakes {
  const kept = new Map<string | undefined, Map<string, Buffer>>()
  const of = (mailbox: string | undefined): Map<string, Buffer> => kept.get(mailbox) ?? new Map()
  return {
    account: () => ({
      metadata: async (mailbox) => of(mailbox),
      setMetadata: async (mailbox, changes) => {
        const values = of(mailbox)
        kept.set(mailbox, values)
        for (const [name, value] of changes) set(values, name, value)
      },
    }),
  }
}

/** Reads annotations otherwise than they were set. */
function reading(map: (metadata: Metadata) => Metadata): StoreMistakes {
  return { account: (inner) => ({ metadata: async (mailbox) => map(await inner.metadata(mailbox)) }) }
}

function specialUses(inner: AccountStore): Partial<AccountStore> {
  const uses = new Map<string, SpecialUse | undefined>()
  return {
    setSpecialUse: async (name, use) => void uses.set(name, use),
    mailboxes: async () =>
      (await inner.mailboxes()).map(({ specialUse: _, ...info }) => {
        const use = uses.get(info.name)
        return use === undefined ? info : { ...info, specialUse: use }
      }),
  }
}

const mailboxMistakes: readonly NoticedMistake[] = [
  [
    'only mailboxes that exist can be subscribed to',
    'subscribe: is remembered',
    {
      account: (inner) => ({
        subscribe: async (name, subscribed) => {
          await inner.status(name)
          await inner.subscribe(name, subscribed)
        },
      }),
    },
  ],
  [
    'a deleted mailbox is no longer subscribed to',
    'subscribe: stays when',
    {
      account: (inner) => ({
        deleteMailbox: async (name) => {
          await inner.deleteMailbox(name)
          await inner.subscribe(name, false)
        },
      }),
    },
  ],
  [
    'a subscription follows its mailbox',
    'subscribe: stays when',
    {
      account: (inner) => ({
        renameMailbox: async (from, to) => {
          await inner.renameMailbox(from, to)
          await inner.subscribe(from, false)
          await inner.subscribe(to, true)
        },
      }),
    },
  ],
  [
    'the list does not say what is subscribed to',
    'subscribe: is remembered',
    listing((info) => ({ ...info, subscribed: false })),
  ],
  [
    'every mailbox counts as subscribed to',
    'subscribe: false takes it back',
    listing((info) => ({ ...info, subscribed: true })),
  ],
  ['two mailboxes have one use', 'special use: given, changed', { account: specialUses }],
  [
    'a mailbox that cannot be made takes the use all the same',
    'special use: a mailbox is made with it',
    {
      account: (inner) => ({
        createMailbox: async (name, options = {}) => {
          await inner.createMailbox(name).catch(() => {})
          if (options.specialUse) await inner.setSpecialUse(name, options.specialUse)
          if (name === 'Drafts') throw new MailwrightError('MAIL_E_EXISTS', 'there is one')
        },
      }),
    },
  ],
  [
    'a special use stays behind when the mailbox is renamed',
    'special use: goes along',
    {
      account: (inner) => ({
        renameMailbox: async (from, to) => {
          await inner.setSpecialUse(from, undefined)
          await inner.renameMailbox(from, to)
        },
      }),
    },
  ],
  [
    'own mailboxes are shared ones',
    'mailboxes: an account’s own',
    listing((info) => ({ ...info, namespace: 'shared' })),
  ],
  [
    'a mailbox’s id is its name',
    'id: a mailbox takes it along',
    identified(({ name }) => Buffer.from(name).toString('hex')),
  ],
  ['all mailboxes have one id', 'id: each mailbox has one of its own', identified(() => 'b1')],
  [
    'status and view differ about the id',
    'id: each mailbox has one of its own',
    { account: identified(({ id }) => `${id}x`).account ?? (() => ({})) },
  ],
]

const annotationMistakes: readonly NoticedMistake[] = [
  [
    'a value ends at a NUL',
    'metadata: values are octets',
    reading((metadata) => new Map([...metadata].map(([name, value]) => [name, upToNul(value)]))),
  ],
  [
    'an empty annotation is none',
    'metadata: values are octets',
    reading((metadata) => new Map([...metadata].filter(([, value]) => value.length > 0))),
  ],
  [
    'names of annotations are compared with case',
    'metadata: names are compared',
    annotating((values, name, value) => {
      if (value === null) values.delete(name)
      else values.set(name, value)
    }),
  ],
  [
    'a removed annotation is an empty one',
    'metadata: set, changed and removed',
    annotating((values, name, value) => void values.set(name.toLowerCase(), value ?? Buffer.alloc(0))),
  ],
  [
    'annotations before a wrong one are set',
    'metadata: MAIL_E_INVALID',
    {
      account: (inner) => ({
        setMetadata: async (mailbox, changes) => {
          for (const change of changes) await inner.setMetadata(mailbox, new Map([change]))
        },
      }),
    },
  ],
  [
    'annotations stay behind under the name of a mailbox',
    'metadata: goes along',
    annotating((values, name, value) => {
      if (value === null) values.delete(name.toLowerCase())
      else values.set(name.toLowerCase(), value)
    }),
  ],
]

const otherMistakes: readonly NoticedMistake[] = [
  ['the owner lacks a right', 'myRights: all', { account: () => ({ myRights: async () => 'lrswi' }) }],
  [
    'rights are given for mailboxes that do not exist',
    'myRights: all',
    { account: (inner) => ({ myRights: () => inner.myRights('INBOX') }) },
  ],
  [
    'examining finds what is no fault',
    'examine: finds nothing',
    {
      store: () => ({
        examine: async () => [{ mailbox: 'INBOX', problem: 'it has messages', remedy: 'none' }],
      }),
    },
  ],
  [
    'repairing empties the mailbox',
    'examine: finds nothing',
    {
      store: (inner) => ({
        examine: async (account, options) => {
          const inbox = await (await inner.open(account)).openMailbox('INBOX')
          if (options.repair) await inbox.expunge(inbox.entries.map((entry) => entry.uid))
          return []
        },
      }),
    },
  ],
]

function upToNul(value: Buffer): Buffer {
  const end = value.indexOf(0)
  return end === -1 ? value : value.subarray(0, end)
}

describe('the store contract notices', () => {
  it.each([...mailboxMistakes, ...annotationMistakes, ...otherMistakes])(
    '%s',
    async (_mistake, noticedBy, wrong) => {
      expect(await failedCases(() => brokenFixture(wrong), noticedBy)).not.toEqual([])
    },
  )
})

/** Takes a special use away from the mailboxes of all accounts. */
function mixedUses(): StoreMistakes {
  const opened = new Set<AccountStore>()
  const take = async (use: SpecialUse | undefined): Promise<void> => {
    for (const each of opened)
      for (const { name, specialUse } of await each.mailboxes())
        if (specialUse === use) await each.setSpecialUse(name, undefined)
  }
  return {
    account: (inner) => {
      opened.add(inner)
      return {
        createMailbox: async (name, options) => {
          if (options?.specialUse !== undefined) await take(options.specialUse)
          await inner.createMailbox(name, options)
        },
      }
    },
  }
}

const nameMistakes: readonly NoticedMistake[] = [
  ['a special use is one of all accounts', 'special use: each account has its own', mixedUses()],
  [
    'names are the same in any case',
    'names: case makes two',
    {
      account: (inner) => ({
        createMailbox: async (name, options) => {
          const names = (await inner.mailboxes()).map((info) => info.name.toLowerCase())
          if (names.includes(name.toLowerCase())) throw new MailwrightError('MAIL_E_EXISTS', 'it is there')
          return inner.createMailbox(name, options)
        },
      }),
    },
  ],
]

/** Tells a watcher only of some changes. */
function telling(tells: (mailbox: string | undefined) => boolean): StoreMistakes {
  return {
    account: (inner) => ({
      watch: (mailboxes, listener) =>
        inner.watch(mailboxes, (mailbox) => {
          if (tells(mailbox)) listener(mailbox)
        }),
    }),
  }
}

const watchMistakes: readonly NoticedMistake[] = [
  ['nobody is told of deliveries', 'watch: a delivery by another', telling((mailbox) => mailbox !== 'INBOX')],
  ['nobody is told of copies', 'watch: a copy into the mailbox', telling((mailbox) => mailbox !== 'Archive')],
  [
    'nobody is told of new mailboxes',
    'watch: createMailbox by another is told',
    telling((mailbox) => mailbox !== undefined),
  ],
  [
    'the first change only is told',
    'watch: tells of change after change',
    {
      account: (inner) => ({
        watch: async (mailboxes, listener) => {
          let told = false
          return inner.watch(mailboxes, (mailbox) => {
            if (told) return
            told = true
            listener(mailbox)
          })
        },
      }),
    },
  ],
  [
    'whoever watches one mailbox is told of all',
    'watch: of some mailboxes never',
    { account: (inner) => ({ watch: (_mailboxes, listener) => inner.watch('all', listener) }) },
  ],
  [
    'a released watch goes on',
    'watch: several listeners',
    {
      account: (inner) => ({
        watch: async (...args) => {
          await inner.watch(...args)
          return { release: async () => {} }
        },
      }),
    },
  ],
]

/** A store that says it is shared, and whose other process does as `other` says. */
async function sharedFixture(other: (store: Store) => Store): Promise<StoreFixture> {
  const fixture = await brokenFixture({ supports: { persistent: true, shared: true } })
  return { ...fixture, reopen: async () => other(fixture.store) }
}

describe('the store contract notices, after waiting', () => {
  it.concurrent.each([...watchMistakes, ...nameMistakes])('%s', async (_mistake, noticedBy, wrong) => {
    expect(await failedCases(() => brokenFixture(wrong), noticedBy)).not.toEqual([])
  })

  it.concurrent('that another process is told nothing', async () => {
    const create = () => sharedFixture(() => createMemoryStore(recordedRetrieval()))
    const told = 'watch: a delivery by another process'
    expect(await failedCases(create, told)).not.toEqual([])
    expect((await failedCases(create, 'shared:')).length).toBeGreaterThan(3)
  })
})
