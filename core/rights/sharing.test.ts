import { createMemoryStore } from 'mailwright/plugins/memory'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { UnavailableError } from '../errors.ts'
import type { Account } from '../model/account.ts'
import { allRights } from '../model/rights.ts'
import { overlay } from '../overlay.ts'
import type { AccountStore, Store } from '../services/store.ts'
import { expectCode } from '../testing/contracts/expectations.ts'
import {
  append,
  contentsOf,
  deliver,
  namesOf,
  sampleMessage,
  stage,
  text,
  uidsOf,
} from '../testing/contracts/store-fixture.ts'
import { foreignNames } from '../testing/contracts/store-sharing-scene.ts'
import { recordedRetrieval } from '../testing/recorded-retrieval.ts'
import type { AccessLists } from './access-lists.ts'
import { type GuardedStoreOptions, guardedStore } from './guarded-store.ts'
import { MemoryAccessLists } from './memory-access-lists.ts'

let plain: Store
let lists: MemoryAccessLists
let accounts: Map<string, Account>
const publicAccount: Account = { id: 'public', address: { localPart: 'public', domain: 'localhost' } }

beforeEach(() => {
  plain = createMemoryStore(recordedRetrieval())
  lists = new MemoryAccessLists()
  accounts = new Map()
})

function account(localPart: string, domain = 'example.org'): Account {
  const made: Account = { id: `id-${accounts.size}-${localPart}`, address: { localPart, domain } }
  accounts.set(made.id, made)
  return made
}

function store(options: Partial<GuardedStoreOptions> = {}, inner: Store = plain): Store {
  return guardedStore(inner, {
    lists,
    accountById: async (id) => accounts.get(id),
    publicAccount,
    ...options,
  })
}

/** Ann with Work, all of which is open to Bob. */
async function shared(guarded: Store = store()): Promise<{ ann: AccountStore; bob: AccountStore }> {
  const [ann, bob] = [await guarded.open(account('ann')), await guarded.open(account('bob'))]
  await ann.createMailbox('Work')
  await ann.setAccess('Work', bob.account.id, allRights)
  return { ann, bob }
}

/** Lists whose calls of one name fail, from now on. */
function failing(
  call: keyof AccessLists,
  error: Error = new UnavailableError('the disk is gone'),
): AccessLists {
  return overlay<AccessLists>(lists, { [call]: () => Promise.reject(error) })
}

describe('own mailboxes that are called like a namespace', () => {
  test('are reached by a name of their own', async () => {
    const ann = account('ann')
    const inner = await plain.open(ann)
    for (const name of ['Shared', 'Shared/Team', 'Shared~', 'Other Users/bob@example.org/Work', 'shared'])
      await deliver(inner, sampleMessage(name), name, { create: true })
    const opened = await store().open(ann)
    const names = [
      'INBOX',
      'Other Users~',
      'Other Users~/bob@example.org',
      'Other Users~/bob@example.org/Work',
      'Shared~',
      'Shared~/Team',
      'Shared~~',
      'shared',
    ]
    expect(await namesOf(opened)).toEqual(names)
    expect(await contentsOf(opened, 'Shared~/Team')).toEqual([text(sampleMessage('Shared/Team'))])
    expect((await opened.openMailbox('Shared~~')).name).toBe('Shared~~')
    expect((await opened.status('Shared~')).name).toBe('Shared~')
    for (const name of ['Shared', 'Shared/Team', 'Other Users/bob@example.org/Work'])
      await expectCode(opened.openMailbox(name), 'MAIL_E_NOT_FOUND')
  })

  test('cannot be made under the name of the namespace, and can under their own', async () => {
    const opened = await store().open(account('ann'))
    for (const name of ['Shared', 'Other Users', 'Other Users/ann@example.org'])
      await expectCode(opened.createMailbox(name), 'MAIL_E_INVALID')
    await expectCode(opened.renameMailbox('INBOX', 'Shared'), 'MAIL_E_INVALID')
    await expectCode(stage(opened, sampleMessage(), 'Other Users', { create: true }), 'MAIL_E_INVALID')
    await opened.createMailbox('Shared~/Team')
    await opened.subscribe('Shared~/Team', true)
    expect(await opened.mailboxes()).toContainEqual({
      name: 'Shared~/Team',
      subscribed: true,
      namespace: 'personal',
    })
    expect(await namesOf(await plain.open(opened.account))).toEqual(['INBOX', 'Shared', 'Shared/Team'])
    await opened.renameMailbox('Shared~', 'Team')
    expect(await namesOf(opened)).toEqual(['INBOX', 'Team', 'Team/Team'])
  })

  test('are opened to others like any other', async () => {
    const guarded = store()
    const [ann, bob] = [await guarded.open(account('ann')), await guarded.open(account('bob'))]
    await ann.createMailbox('Shared~')
    await ann.setAccess('Shared~', bob.account.id, 'lr')
    expect(await foreignNames(bob)).toEqual(['Other Users/ann@example.org/Shared'])
  })

  test('tell under their own name that they changed', async () => {
    const opened = await store().open(account('ann'))
    await opened.createMailbox('Shared~')
    const told = Promise.withResolvers<string | undefined>()
    const lease = await opened.watch(['Shared~'], told.resolve)
    await append(opened, [sampleMessage()], 'Shared~')
    expect(await told.promise).toBe('Shared~')
    await lease.release()
  })
})

describe('owners', () => {
  test('of the strangest addresses can be told apart', async () => {
    const guarded = store()
    const bob = await guarded.open(account('bob'))
    for (const localPart of ['a/b', 'a%2fb', '..', '.', 'a@b', '*', '"', 'ü', '__proto__']) {
      const owner = await guarded.open(account(localPart))
      await append(owner, [sampleMessage(localPart)])
      await owner.setAccess('INBOX', bob.account.id, 'lr')
    }
    const names = await foreignNames(bob)
    expect(names).toHaveLength(9)
    const contents = await Promise.all(names.map((name) => contentsOf(bob, name)))
    expect(new Set(contents.flat()).size).toBe(9)
    expect(names).toContain('Other Users/a%2Fb@example.org/INBOX')
    expect(names).toContain('Other Users/a%252fb@example.org/INBOX')
  })

  test('who are gone or disabled have nothing open', async () => {
    const { ann, bob } = await shared()
    accounts.delete(ann.account.id)
    expect(await foreignNames(bob)).toEqual([])
    await expectCode(bob.openMailbox('Other Users/ann@example.org/Work'), 'MAIL_E_NOT_FOUND')
  })

  test('keep what they opened when their address changes, under the new one; whoever has the old one has not', async () => {
    const guarded = store()
    const { ann, bob } = await shared(guarded)
    expect(await foreignNames(bob)).toEqual(['Other Users/ann@example.org/Work'])
    accounts.set(ann.account.id, { ...ann.account, address: { localPart: 'anna', domain: 'example.org' } })
    const other = await guarded.open(account('ann'))
    await other.createMailbox('Work')
    expect(await foreignNames(bob)).toEqual(['Other Users/anna@example.org/Work'])
    expect(await bob.myRights('Other Users/anna@example.org/Work')).toBe(allRights)
    await expectCode(bob.openMailbox('Other Users/ann@example.org/Work'), 'MAIL_E_NOT_FOUND')
  })

  test('count only for those whom the site admits', async () => {
    const guarded = store({ admits: (owner, reader) => owner.address.domain === reader.address.domain })
    const ann = await guarded.open(account('ann'))
    const [bob, eve] = [await guarded.open(account('bob')), await guarded.open(account('eve', 'example.com'))]
    await ann.setAccess('INBOX', 'anyone', 'lr')
    expect(await foreignNames(bob)).toEqual(['Other Users/ann@example.org/INBOX'])
    expect(await foreignNames(eve)).toEqual([])
    for (const name of ['Other Users/ann@example.org/INBOX', 'Other Users/ann@example.org/Work'])
      await expectCode(eve.openMailbox(name), 'MAIL_E_NOT_FOUND')
    await lists.update(publicAccount.id, 'Team', () => [{ identifier: 'anyone', rights: 'lr' }])
    await (await plain.open(publicAccount)).createMailbox('Team')
    expect(await foreignNames(eve)).toEqual(['Shared/Team'])
  })

  test('that cannot be asked now take nobody’s own mailboxes out of sight', async () => {
    const account2 = await shared()
    const broken = store({
      accountById: async () => {
        throw new UnavailableError('the accounts are gone')
      },
    })
    const bob = await broken.open(account2.bob.account)
    expect(await namesOf(bob)).toEqual(['INBOX'])
    await expectCode(bob.openMailbox('Other Users/ann@example.org/Work'), 'MAIL_E_UNAVAILABLE')
  })

  test('who open thousands of mailboxes fill nobody’s list without end', async () => {
    const ann = account('ann')
    const inner = await plain.open(ann)
    for (let index = 0; index < 1100; index++) {
      await inner.createMailbox(`m${String(index).padStart(4, '0')}`)
      await lists.update(ann.id, `m${String(index).padStart(4, '0')}`, () => [
        { identifier: 'anyone', rights: 'lr' },
      ])
    }
    const names = await foreignNames(await store().open(account('bob')))
    expect(names).toHaveLength(1000)
    expect(names.at(-1)).toBe('Other Users/ann@example.org/m0999')
  })
})

test('whoever may make mailboxes in one of somebody may not beside it, whatever its root’s list says', async () => {
  const { ann, bob } = await shared()
  await lists.update(ann.account.id, '', () => [{ identifier: 'anyone', rights: allRights }])
  await expectCode(bob.createMailbox('Other Users/ann@example.org/New'), 'MAIL_E_PERMISSION')
  await ann.createMailbox('New')
  expect(await foreignNames(bob)).toEqual(['Other Users/ann@example.org/Work'])
})

test('ids of mailboxes differ for an account though owners have the same', async () => {
  const numbering = overlay(plain, {
    open: async (owner) => {
      const inner = await plain.open(owner)
      return overlay(inner, {
        status: async (name) => ({ ...(await inner.status(name)), id: '1' }),
        openMailbox: async (name) => overlay(await inner.openMailbox(name), { id: '1' }),
      })
    },
  })
  const { bob } = await shared(store({}, numbering))
  const theirs = 'Other Users/ann@example.org/Work'
  const ids = [(await bob.status('INBOX')).id, (await bob.status(theirs)).id]
  expect(ids[0]).toBe('1')
  // RFC 8474 §7: letters, digits, `_` and `-`.
  expect(ids[1]).toMatch(/^[A-Za-z0-9_-]{3,255}$/)
  expect([(await bob.openMailbox('INBOX')).id, (await bob.openMailbox(theirs)).id]).toEqual(ids)
})

describe('public mailboxes', () => {
  test('are made by those who may do so at the root, whose list they begin with', async () => {
    const guarded = store()
    const [ann, bob] = [await guarded.open(account('ann')), await guarded.open(account('bob'))]
    await lists.update(publicAccount.id, '', () => [
      { identifier: 'anyone', rights: 'lr' },
      { identifier: ann.account.id, rights: 'kxa' },
    ])
    await ann.createMailbox('Shared/Team/Minutes')
    expect(await foreignNames(bob)).toEqual(['Shared/Team', 'Shared/Team/Minutes'])
    await ann.renameMailbox('Shared/Team/Minutes', 'Shared/Minutes')
    await ann.deleteMailbox('Shared/Team')
    expect(await foreignNames(bob)).toEqual(['Shared/Minutes'])
    await expectCode(bob.createMailbox('Shared/Mine'), 'MAIL_E_PERMISSION')
    await expectCode(ann.createMailbox('Shared/inbox/x'), 'MAIL_E_INVALID')
    await expectCode(bob.openMailbox('Shared/INBOX'), 'MAIL_E_NOT_FOUND')
    await expectCode(bob.openMailbox('Other Users/public@localhost/Minutes'), 'MAIL_E_NOT_FOUND')
  })

  test('are none where the store has none', async () => {
    const guarded = guardedStore(plain, { lists, accountById: async (id) => accounts.get(id) })
    const ann = await guarded.open(account('ann'))
    await expectCode(ann.openMailbox('Shared/Team'), 'MAIL_E_NOT_FOUND')
    await expectCode(ann.createMailbox('Shared/Team'), 'MAIL_E_PERMISSION')
  })
})

describe('lists', () => {
  test('have 1,000 lines at most', async () => {
    const { ann } = await shared()
    await lists.update(ann.account.id, 'Work', () =>
      Array.from({ length: 1000 }, (_, index) => ({ identifier: `x${index}`, rights: 'l' })),
    )
    await expectCode(ann.setAccess('Work', 'one-more', 'l'), 'MAIL_E_OVER_QUOTA')
    await ann.setAccess('Work', 'x7', 'lr')
    await ann.setAccess('Work', 'x8', '')
    await ann.setAccess('Work', 'one-more', 'l')
    const list = await ann.accessList('Work')
    expect(list).toHaveLength(1001)
    expect(list[8]).toEqual({ identifier: 'x7', rights: 'lr' })
  })

  test('left over from before open nothing that is made later', async () => {
    const { ann, bob } = await shared()
    const open = [{ identifier: 'anyone', rights: allRights }]
    for (const name of ['New', 'New/Sub', 'Filed', 'Work/Old'])
      await lists.update(ann.account.id, name, () => open)
    await ann.createMailbox('New/Sub')
    await deliver(ann, sampleMessage(), 'Filed', { create: true })
    await ann.setAccess('Work', bob.account.id, '')
    await ann.createMailbox('Plain')
    await ann.renameMailbox('Plain', 'Work/Old')
    expect(await foreignNames(bob)).toEqual([])
  })

  test('left over from before are of no mailbox', async () => {
    const { ann, bob } = await shared()
    await lists.update(ann.account.id, 'Gone', () => [{ identifier: 'anyone', rights: allRights }])
    const name = 'Other Users/ann@example.org/Gone'
    expect(await foreignNames(bob)).not.toContain(name)
    await expectCode(bob.myRights(name), 'MAIL_E_NOT_FOUND')
    await expectCode(bob.accessList(name), 'MAIL_E_NOT_FOUND')
    await expectCode(bob.setAccess(name, 'anyone', 'l'), 'MAIL_E_NOT_FOUND')
    await expectCode(bob.openMailbox(name), 'MAIL_E_NOT_FOUND')
    await expectCode(append(bob, [sampleMessage()], name), 'MAIL_E_NOT_FOUND')
  })

  test('cannot be read: nobody but the owner does anything', async () => {
    const { ann, bob } = await shared()
    const broken = store({ lists: failing('read') })
    const [anns, bobs] = [await broken.open(ann.account), await broken.open(bob.account)]
    await append(anns, [sampleMessage()], 'Work')
    expect(await contentsOf(anns, 'Work')).toHaveLength(1)
    await expectCode(bobs.openMailbox('Other Users/ann@example.org/Work'), 'MAIL_E_UNAVAILABLE')
    const unindexed = await store({ lists: failing('shares') }).open(bob.account)
    expect(await namesOf(unindexed)).toEqual(['INBOX'])
  })

  test('are kept where a mailbox cannot be deleted', async () => {
    const { ann, bob } = await shared()
    const refusing = overlay(plain, {
      open: async (owner) =>
        overlay(await plain.open(owner), {
          deleteMailbox: () => Promise.reject(new UnavailableError('the disk is gone')),
        }),
    })
    await expectCode(
      (await store({}, refusing).open(ann.account)).deleteMailbox('Work'),
      'MAIL_E_UNAVAILABLE',
    )
    expect(await bob.myRights('Other Users/ann@example.org/Work')).toBe(allRights)
  })

  test('that cannot be removed leave the mailbox as it is', async () => {
    const { ann } = await shared()
    const broken = await store({ lists: failing('removed') }).open(ann.account)
    await expectCode(broken.deleteMailbox('Work'), 'MAIL_E_UNAVAILABLE')
    await expectCode(broken.createMailbox('New'), 'MAIL_E_UNAVAILABLE')
    expect(await namesOf(ann)).toEqual(['INBOX', 'Work'])
  })

  test('that cannot be written make no stored message a failed one', async () => {
    const { ann, bob } = await shared()
    const broken = await store({ lists: failing('update') }).open(bob.account)
    await deliver(broken, sampleMessage(), 'Other Users/ann@example.org/Work/New', { create: true })
    expect(await contentsOf(ann, 'Work/New')).toHaveLength(1)
    await expectCode(bob.openMailbox('Other Users/ann@example.org/Work/New'), 'MAIL_E_NOT_FOUND')
  })

  test('are there for a mailbox that is prepared for a staged message; where they cannot be, it is not', async () => {
    const preparing = overlay(plain, {
      open: async (owner) => {
        const inner = await plain.open(owner)
        return overlay(inner, {
          stage: async (name, content, options) => ({
            ...(await inner.stage(name, content, options)),
            prepare: () => inner.createMailbox(name),
          }),
        })
      },
    })
    const { ann, bob } = await shared(store({}, preparing))
    const theirs = (name: string): string => `Other Users/ann@example.org/${name}`
    const staged = await stage(bob, sampleMessage(), theirs('Work/New'), { create: true })
    expect(await namesOf(ann)).toEqual(['INBOX', 'Work'])
    await staged.prepare?.()
    expect(await bob.myRights(theirs('Work/New'))).toBe(allRights)
    await ann.setAccess('Work/New', bob.account.id, 'li')
    await staged.commit()
    expect(await bob.myRights(theirs('Work/New'))).toBe('li')
    const broken = await store({ lists: failing('update') }, preparing).open(bob.account)
    const message = await stage(broken, sampleMessage(), theirs('Work/Newer'), { create: true })
    await expectCode(message.prepare?.() ?? Promise.resolve(), 'MAIL_E_UNAVAILABLE')
    await message.abort()
    expect((await ann.usage()).messages).toBe(1)
    await expectCode(bob.openMailbox(theirs('Work/Newer')), 'MAIL_E_NOT_FOUND')
  })

  test('stand under the name that the store has for a mailbox, not under others that it takes too', async () => {
    const normalizing = overlay(plain, {
      open: async (owner) => {
        const inner = await plain.open(owner)
        const nfc = (name: string): string => name.normalize('NFC')
        return overlay(inner, {
          createMailbox: (name, options) => inner.createMailbox(nfc(name), options),
          deleteMailbox: (name) => inner.deleteMailbox(nfc(name)),
          renameMailbox: (from, to) => inner.renameMailbox(nfc(from), nfc(to)),
          status: (name) => inner.status(nfc(name)),
          openMailbox: (name) => inner.openMailbox(nfc(name)),
        })
      },
    })
    const { ann, bob } = await shared(store({}, normalizing))
    const theirs = (name: string): string => `Other Users/ann@example.org/${name}`
    await bob.createMailbox(theirs('Work/e\u0301'))
    expect(await foreignNames(bob)).toEqual([theirs('Work'), theirs('Work/\u00e9')])
    await ann.renameMailbox('Work/e\u0301', 'Work/a\u0308')
    expect(await foreignNames(bob)).toEqual([theirs('Work'), theirs('Work/\u00e4')])
    await expectCode(bob.openMailbox(theirs('Work/a\u0308')), 'MAIL_E_NOT_FOUND')
    await ann.deleteMailbox('Work/a\u0308')
    await ann.setAccess('Work', bob.account.id, '')
    await ann.createMailbox('Work/\u00e4')
    for (const name of ['Work/a\u0308', 'Work/\u00e4', 'Work/e\u0301'])
      await expectCode(bob.openMailbox(theirs(name)), 'MAIL_E_NOT_FOUND')
    await lists.update(ann.account.id, '\u00fc', () => [{ identifier: 'anyone', rights: allRights }])
    await ann.createMailbox('u\u0308')
    await expectCode(bob.openMailbox(theirs('\u00fc')), 'MAIL_E_NOT_FOUND')
  })
})

test('the owner of a mailbox neither sees nor changes what others keep there for themselves', async () => {
  const { ann, bob } = await shared()
  await bob.setMetadata('Other Users/ann@example.org/Work', new Map([['/private/comment', Buffer.from('x')]]))
  const kept = [...(await (await plain.open(ann.account)).metadata('Work')).keys()]
  expect(kept).toHaveLength(1)
  expect([...(await ann.metadata('Work'))]).toEqual([])
  for (const value of [null, Buffer.from('y')])
    await expectCode(ann.setMetadata('Work', new Map([[kept[0] ?? '', value]])), 'MAIL_E_INVALID')
  await ann.renameMailbox('Work', 'Old')
  const values = await bob.metadata('Other Users/ann@example.org/Old')
  expect([...values]).toEqual([['/private/comment', Buffer.from('x')]])
})

describe('transfers between owners', () => {
  /** Bob's store where the plain store of one account fails in one call. */
  async function withFault(owner: string, changes: (inner: AccountStore) => Partial<AccountStore>) {
    const { ann, bob } = await shared()
    await append(ann, [sampleMessage('1'), sampleMessage('2'), sampleMessage('3')], 'Work')
    const faulty = overlay(plain, {
      open: async (opening) => {
        const inner = await plain.open(opening)
        return opening.address.localPart === owner ? overlay(inner, changes(inner)) : inner
      },
    })
    const bobs = await store({}, faulty).open(bob.account)
    return { ann, bob, work: await bobs.openMailbox('Other Users/ann@example.org/Work') }
  }

  test('where the target cannot take them, nothing has happened', async () => {
    const full = vi.fn(() => Promise.reject(new UnavailableError('the disk is full')))
    const { ann, bob, work } = await withFault('bob', () => ({ append: full }))
    await expectCode(work.move(uidsOf(work), 'INBOX'), 'MAIL_E_UNAVAILABLE')
    expect(full).toHaveBeenCalledTimes(1)
    expect(await contentsOf(ann, 'Work')).toHaveLength(3)
    expect(await contentsOf(bob)).toEqual([])
  })

  test('where the originals cannot be removed, they are in both places, never in neither', async () => {
    const { ann, bob, work } = await withFault('ann', (inner) => ({
      openMailbox: async (name) =>
        overlay(await inner.openMailbox(name), {
          expunge: () => Promise.reject(new UnavailableError('the disk is gone')),
        }),
    }))
    await expectCode(work.move(uidsOf(work), 'INBOX'), 'MAIL_E_UNAVAILABLE')
    expect(await contentsOf(ann, 'Work')).toHaveLength(3)
    expect(await contentsOf(bob)).toHaveLength(3)
  })

  test('where an original cannot be read, nothing has happened', async () => {
    const { ann, bob, work } = await withFault('ann', (inner) => ({
      openMailbox: async (name) => {
        const opened = await inner.openMailbox(name)
        return overlay(opened, {
          content: (uid) =>
            uid === 2 ? Promise.reject(new UnavailableError('bad sector')) : opened.content(uid),
        })
      },
    }))
    await expectCode(work.copy(uidsOf(work), 'INBOX'), 'MAIL_E_UNAVAILABLE')
    await expectCode(work.move(uidsOf(work), 'INBOX'), 'MAIL_E_UNAVAILABLE')
    expect(await contentsOf(ann, 'Work')).toHaveLength(3)
    expect(await contentsOf(bob)).toEqual([])
  })

  test('where originals go again and again, it ends', async () => {
    const { bob, work } = await withFault('ann', (inner) => ({
      openMailbox: async (name) => {
        const opened = await inner.openMailbox(name)
        let calls = 0
        return overlay(opened, {
          // Each message is there when it is looked for, and gone when it is read.
          content: (uid) => opened.content(calls++ % 4 === 0 ? 999_999 : uid),
        })
      },
    }))
    await expectCode(work.copy(uidsOf(work), 'INBOX'), 'MAIL_E_NOT_FOUND')
    expect(await contentsOf(bob)).toEqual([])
  })
})
