import { accounts, definePlugin, type PluginFactory, reply, store } from 'mailwright'
import { LocalAddresses } from './local-addresses.ts'
import { type LocalDeliveryInput, type LocalDeliveryOptions, parseOptions } from './options.ts'
import { StoreDelivery } from './store-delivery.ts'

// RFC 3463 §3.2: 5.1.1 is "bad destination mailbox address".
const unknownAddress = reply(550, '5.1.1', 'No such address here')
// RFC 3463 §3.3: 5.2.1 is "mailbox disabled, not accepting messages". Its sender is to stop trying.
const disabledAccount = reply(550, '5.2.1', 'This mailbox is disabled')

/** Mail for accounts of this system, into their mailboxes; see README.md. */
const plugin: PluginFactory<LocalDeliveryInput> = definePlugin<LocalDeliveryOptions, LocalDeliveryInput>({
  name: 'local-delivery',
  requires: [accounts, store],
  parseOptions,
  setup({ hooks, use, log }, options) {
    const addresses = new LocalAddresses(use(accounts), options.postmaster)
    const delivery = new StoreDelivery(use(store), options, log)

    hooks.envelope.checkRecipient.tap('known-address', async (_transaction, recipient) => {
      const found = await addresses.resolve(recipient.forwardPath)
      if (found.kind === 'account' && found.account.disabled) return disabledAccount
      return found.kind === 'unknown' ? unknownAddress : undefined
    })

    hooks.envelope.claimRecipient.tap('local-address', async (_transaction, recipient) => {
      const { kind } = await addresses.resolve(recipient.forwardPath)
      if (kind === 'account') return { reason: 'an account here' }
      return kind === 'alias' ? { reason: 'an alias here' } : undefined
    })

    hooks.delivery.route.tap('local-address', async ({ address }) => addresses.route(address))

    hooks.delivery.deliver.tap('store', async (batch) =>
      batch.kind === 'account' ? delivery.deliver(batch) : undefined,
    )
  },
})

export default plugin
