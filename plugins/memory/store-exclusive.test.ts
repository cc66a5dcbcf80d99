import { type AccountStore, type Mailbox, type Store, UnavailableError } from 'mailwright'
import { overlay, type StoreFixture } from 'mailwright/testing'
import { expect, test } from 'vitest'
import { brokenFixture, failedCases } from '../../test/support/faults/broken-store.ts'

/** An object whose methods fail once its store was closed. */
function guarded<Target extends object>(target: Target, isClosed: () => boolean): Target {
  return new Proxy(target, {
    get(inner, name) {
      const value: unknown = Reflect.get(inner, name)
      if (typeof value !== 'function') return value
      return (...args: readonly unknown[]) =>
        isClosed() ? Promise.reject(new UnavailableError('closed')) : value.apply(inner, args)
    },
  })
}

/** A store that outlives its process, and that one process alone may have open, as one with a lock on its files. */
async function exclusiveFixture(closes: boolean): Promise<StoreFixture> {
  const fixture = await brokenFixture({ supports: { persistent: true } })
  let holders = 0
  const openStore = (): { readonly store: Store; close(): Promise<void> } => {
    if (holders > 0) throw new UnavailableError('another process has the store open')
    holders += 1
    let closed = false
    const isClosed = (): boolean => closed
    const openMailbox = async (opened: AccountStore, name: string): Promise<Mailbox> =>
      guarded(await opened.openMailbox(name), isClosed)
    const store = overlay(fixture.store, {
      open: async (account) => {
        const opened = await fixture.store.open(account)
        return guarded(overlay(opened, { openMailbox: (name) => openMailbox(opened, name) }), isClosed)
      },
    })
    return {
      store,
      async close() {
        closed = true
        holders -= 1
      },
    }
  }
  const first = openStore()
  return {
    ...fixture,
    store: first.store,
    reopen: async () => openStore().store,
    ...(closes ? { close: first.close } : {}),
  }
}

test('a store that one process has for itself passes: it is closed before it is opened again', async () => {
  expect(await failedCases(() => exclusiveFixture(true), 'reopen:')).toEqual([])
  expect(await failedCases(() => exclusiveFixture(false), 'reopen:')).not.toEqual([])
})
