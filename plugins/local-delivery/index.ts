import { accounts, definePlugin, OwnNames, type PluginFactory, store } from 'mailwright'
import { loopRefusal } from './delivered-before.ts'
import { addressRefusal } from './known-address.ts'
import { LocalAddresses } from './local-addresses.ts'
import { type LocalDeliveryInput, type LocalDeliveryOptions, parseOptions } from './options.ts'
import { OwnMailboxes } from './own-mailboxes.ts'
import { StoreDelivery } from './store-delivery.ts'

/** Mail for accounts of this system, into their mailboxes; see README.md. */
const plugin: PluginFactory<LocalDeliveryInput> = definePlugin<LocalDeliveryOptions, LocalDeliveryInput>({
  name: 'local-delivery',
  requires: [accounts, store],
  parseOptions,
  setup({ hooks, use, log, flow, hostname }, options) {
    const directory = use(accounts)
    const ownNames = new OwnNames(hostname)
    const addresses = new LocalAddresses(directory, options, ownNames)
    const own = new OwnMailboxes({
      accounts: directory,
      persons: options,
      ownNames,
      delivery: flow.delivery,
    })
    const delivery = new StoreDelivery(use(store), options, log)

    hooks.envelope.checkRecipient.tap('known-address', async (_transaction, { forwardPath }) =>
      addressRefusal(forwardPath, await addresses.resolve(forwardPath), flow.delivery),
    )

    hooks.envelope.claimRecipient.tap('local-address', async (_transaction, recipient) => {
      const { kind } = await addresses.resolve(recipient.forwardPath)
      if (kind === 'account') return { reason: 'an account here' }
      const isAlias = kind === 'alias' || (kind === 'foreign' && (await own.claims(recipient.forwardPath)))
      return isAlias ? { reason: 'an alias here' } : undefined
    })

    if (options.deliveredTo)
      hooks.data.checkMessage.tap('loop', async (transaction, { header }) => loopRefusal(transaction, header))

    hooks.delivery.route.tap(
      'local-address',
      async (question) => (await addresses.route(question.address)) ?? own.route(question),
      { kinds: ['account'] },
    )

    hooks.delivery.deliver.tap(
      'store',
      async (batch) => (batch.kind === 'account' ? delivery.deliver(batch) : undefined),
      { kinds: ['account'] },
    )
  },
})

export default plugin
