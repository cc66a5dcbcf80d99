import type { Account, Notifier, Store } from 'mailwright'
import type { GuardedStore } from 'mailwright/rights'
import { faultyFileSystem, fixtureAccountById, type StoreFixture, storeContract } from 'mailwright/testing'
import { unsyncedFiles } from '../../test/support/faults/failing-files.ts'
import { createTestMaildir } from '../../test/support/stores/maildir.ts'
import { MaildirStore, type MaildirStoreOptions } from './account/maildir-store.ts'
import { nodeFileSystem } from './files/file-system.ts'
import { sharedStore } from './sharing/sharing.ts'

// What a disk says when it fails, is full, or has no more to give to this process.
const errors = ['EIO', 'ENOSPC', 'EMFILE'] as const

/** A store on the files of others, as another process would have it. */
type Wrap<S extends Store> = (plain: MaildirStore, options: MaildirStoreOptions, account: Account) => S

async function createFixture<S extends Store>(
  lineEnds: 'crlf' | 'lf',
  wrap: Wrap<S>,
  deliveryLog: MaildirStoreOptions['deliveryLog'] = false,
): Promise<StoreFixture & { readonly store: S; readonly injectFault: (skip: number) => () => boolean }> {
  const others: MaildirStore[] = []
  const fault = faultyFileSystem(unsyncedFiles(nodeFileSystem))
  const made = await createTestMaildir({ lineEnds, deliveryLog, files: fault.fileSystem })
  const { account, options, retrieval } = made
  return {
    store: wrap(made.store, options, account),
    account,
    reopen: async () => {
      const other = new MaildirStore(options)
      others.push(other)
      return wrap(other, options, account)
    },
    announced: () => retrieval.changes,
    injectFault: (skip) => fault.fail({ skip, error: errors[skip % errors.length] ?? 'EIO' }),
    async cleanup() {
      for (const each of others) await each.close()
      await made.remove()
    },
  }
}

storeContract({
  name: 'maildir with crlf',
  create: () => createFixture('crlf', (plain) => plain),
})

storeContract({
  name: 'maildir with a log of deliveries',
  create: () => createFixture('crlf', (plain) => plain, 'atOnce'),
})

storeContract({
  name: 'maildir with lf',
  async create() {
    // What a disk that fails leaves behind does not depend on line ends.
    const { injectFault: _, ...fixture } = await createFixture('lf', (plain) => plain)
    return fixture
  },
})

storeContract({
  name: 'maildir with access rights',
  async create() {
    const notifier = createNotifier()
    const fixture = await createFixture(
      'crlf',
      (plain, options, account): GuardedStore =>
        sharedStore(plain, options, {
          accounts: {
            byId: async (id) => fixtureAccountById(account, id),
            resolve: async () => ({ kind: 'unknown' }),
          },
          notifier,
        }),
    )
    return {
      ...fixture,
      async publicMailbox(name, list) {
        const { publicMailboxes } = fixture.store
        await publicMailboxes?.create(`Shared/${name}`)
        for (const { identifier, rights } of list)
          await publicMailboxes?.setAccess(`Shared/${name}`, identifier, rights)
      },
    }
  },
})

/** Hints between all stores of a fixture, as a plugin passes them between processes. */
function createNotifier(): Notifier {
  const listeners = new Map<string, Set<(payload: unknown) => void>>()
  return {
    publish(topic, payload) {
      for (const listener of listeners.get(topic) ?? []) queueMicrotask(() => listener(payload))
    },
    subscribe(topic, listener) {
      const known = listeners.get(topic) ?? new Set()
      listeners.set(topic, known.add(listener))
      return () => void known.delete(listener)
    },
  }
}
