import {
  accounts,
  addressKey,
  type Disposition,
  definePlugin,
  type Edit,
  forAllAtOnce,
  type PluginFactory,
  type SortAction,
  type Transaction,
} from 'mailwright'
import { Aliases } from './aliases.ts'
import { IncludedFiles } from './included-file.ts'
import { type AliasesInput, type AliasesOptions, parseOptions } from './options.ts'
import { RecipientCheck } from './recipient-check.ts'

export type { ConfiguredPattern } from './configured-tables.ts'
export type { AliasesInput, AliasesOptions } from './options.ts'
export type { Table, TableSurroundings } from './table.ts'
export { table } from './table-kinds.ts'

/** Aliases of files and of the config; see README.md. */
const plugin: PluginFactory<AliasesInput> = definePlugin<AliasesOptions, AliasesInput>({
  name: 'aliases',
  optional: [accounts],
  parseOptions,
  setup({ name, hooks, useOptional, log, clock, hostname }, options) {
    const discard = `${name}/discard`
    const included = new IncludedFiles({ clock, log })
    const service = useOptional(accounts)
    const aliases = new Aliases({ options, included, accounts: service, hostname, log, discard })

    const check = new RecipientCheck(aliases, log)
    hooks.envelope.checkRecipient.tap('known-address', async (_transaction, { forwardPath }) =>
      check.refusal(forwardPath),
    )

    hooks.envelope.claimRecipient.tap('alias', async (_transaction, { forwardPath }) =>
      (await aliases.claims(forwardPath)) ? { reason: 'an alias of a table' } : undefined,
    )

    hooks.delivery.route.tap('alias', async ({ address }) => aliases.route(address))

    hooks.delivery.sort.tap('copies', async (disposition) => withCopies(disposition, aliases))

    if (options.ownerAliases && options.aliases.length > 0)
      hooks.data.rewriteMessage.tap('owners', async (edits, transaction) => [
        ...edits,
        ...(await ownerEdits(transaction, aliases)),
      ])

    hooks.delivery.deliver.tap(
      'discard',
      async ({ items }) =>
        items.every(({ route }) => route.kind === 'handler' && route.handler === discard)
          ? items.map(() => ({ kind: 'delivered', text: 'thrown away by an alias to /dev/null' }))
          : undefined,
      { kinds: ['handler'] },
    )

    const tables = [...options.virtual, ...options.aliases]
    return {
      async start() {
        await forAllAtOnce(tables, (table) => table.open?.({ clock, log }))
      },
      async check() {
        await forAllAtOnce(tables, (table) => table.check?.({ clock, log }))
      },
      async stop() {
        for (const table of tables) table.close?.()
      },
    }
  },
})

async function withCopies(disposition: Disposition, aliases: Aliases): Promise<Disposition | undefined> {
  const copies = await aliases.copies(disposition.route.address)
  const known = new Set(
    disposition.actions.flatMap((action) => (action.kind === 'forward' ? [addressKey(action.address)] : [])),
  )
  const added = copies
    .filter((address) => !known.has(addressKey(address)))
    .map((address): SortAction => ({ kind: 'forward', address }))
  return added.length === 0 ? undefined : { ...disposition, actions: [...disposition.actions, ...added] }
}

async function ownerEdits(
  { recipients, reversePath }: Transaction,
  aliases: Aliases,
): Promise<readonly Edit[]> {
  // What reports an error causes none.
  if (reversePath === null) return []
  const edits: Edit[] = []
  for (const { forwardPath } of recipients) {
    const owner = await aliases.owner(forwardPath)
    if (owner !== undefined)
      edits.push({ kind: 'change-reverse-path', address: owner, recipients: [forwardPath] })
  }
  return edits
}

export default plugin
