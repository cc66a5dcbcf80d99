import {
  type Content,
  definePlugin,
  type Mailbox,
  noOptions,
  type PluginInstance,
  type Store,
  store as storeKey,
} from 'mailwright'
import { createMemoryStore } from 'mailwright/plugins/memory'
import { overlay } from 'mailwright/testing'

/** What a store in memory is made to do wrong; change it at any time. */
export interface StoreFaults {
  openMailbox?: () => Promise<void>
  /** Stands in for the message. */
  content?: (uid: number) => Promise<Content>
  /** Runs before the messages are removed; nothing is removed where it rejects. */
  expunge?: () => Promise<void>
}

/** The store in memory, with faults. */
export function faultyStore(faults: StoreFaults): PluginInstance {
  const plugin = definePlugin({
    name: 'faulty-store',
    provides: [storeKey],
    parseOptions: noOptions,
    setup({ provide, flow, clock }) {
      provide(storeKey, withFaults(createMemoryStore(flow.retrieval, clock), faults))
    },
  })
  return plugin()
}

function withFaults(store: Store, faults: StoreFaults): Store {
  return overlay(store, {
    async open(account) {
      const mailboxes = await store.open(account)
      return overlay(mailboxes, {
        async openMailbox(name) {
          await faults.openMailbox?.()
          return mailboxWithFaults(await mailboxes.openMailbox(name), faults)
        },
      })
    },
  })
}

function mailboxWithFaults(mailbox: Mailbox, faults: StoreFaults): Mailbox {
  return overlay(mailbox, {
    content: (uid) => (faults.content === undefined ? mailbox.content(uid) : faults.content(uid)),
    async expunge(uids, options) {
      await faults.expunge?.()
      return await mailbox.expunge(uids, options)
    },
  })
}
