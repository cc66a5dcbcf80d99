import { accounts, definePlugin, forAllAtOnce, type PluginFactory, sameAddress } from 'mailwright'
import { BlindCopies } from './blind-copies.ts'
import { headerEditsElsewhere, headerEditsHere, senderEdits } from './message-rewriting.ts'
import { parseOptions, type RewritingInput, type RewritingOptions, tablesOf } from './options.ts'
import { Rules } from './rules.ts'

export type { AddressTable } from './address-map.ts'
export type { AddressClass, MasqueradeInput, RewritingInput, RewritingOptions } from './options.ts'
export type { TableInput } from './table-option.ts'

/** Addresses are rewritten, and copies sent unseen; see README.md. */
const plugin: PluginFactory<RewritingInput> = definePlugin<RewritingOptions, RewritingInput>({
  name: 'rewriting',
  optional: [accounts],
  parseOptions,
  setup({ hooks, useOptional, log, clock, hostname }, options) {
    const rules = new Rules(options, hostname)
    const copies = new BlindCopies(options, hostname)
    const directory = useOptional(accounts)

    hooks.envelope.claimRecipient.tap('canonical', async (_transaction, { forwardPath }) => {
      if (forwardPath.domain === '' || sameAddress(await rules.recipient(forwardPath), forwardPath))
        return undefined
      return (await directory?.domain(forwardPath.domain)) === undefined
        ? undefined
        : { reason: 'an address of ours with another canonical form' }
    })

    hooks.delivery.route.tap('canonical', async ({ address }) => {
      if (address.domain === '') return undefined
      const canonical = await rules.recipient(address)
      return sameAddress(canonical, address)
        ? undefined
        : { kind: 'expansion', addresses: [canonical], via: 'canonical' }
    })

    hooks.data.prepareMessage.tap('header', async (edits, transaction, message) => {
      const own = await headerEditsHere(rules, options, edits, transaction, message)
      return own.length === 0 ? undefined : [...edits, ...own]
    })

    hooks.data.rewriteMessage.tap('addresses', async (edits, transaction, message) => {
      const own = [
        ...(await headerEditsElsewhere(rules, options, edits, transaction, message)),
        ...(await senderEdits(rules, options, edits, transaction)),
        ...(await copies.edits(transaction, edits)),
      ]
      return own.length === 0 ? undefined : [...edits, ...own]
    })

    const tables = tablesOf(options)
    return {
      async start() {
        await forAllAtOnce(tables, (table) => table.open?.({ clock, log }))
      },
      async check() {
        await forAllAtOnce(tables, (table) => table.check?.({ clock, log }))
      },
      async serve() {
        for (const text of options.masquerade?.exceptions.doubts ?? []) log.warn('starting', { text })
      },
      async stop() {
        for (const table of tables) table.close?.()
      },
    }
  },
})

export default plugin
