import { join } from 'node:path'
import {
  type Address,
  accounts,
  canonicalDomain,
  definePlugin,
  type PluginContext,
  type PluginFactory,
  type Reply,
  reply,
  UnavailableError,
} from 'mailwright'
import { srsCommands } from './commands.ts'
import { Forwarding } from './forwarding.ts'
import { parseOptions, type SrsInput, type SrsOptions } from './options.ts'
import { readSecrets } from './secrets.ts'
import { SrsAddresses } from './srs-address.ts'

export type { SrsInput, SrsOptions } from './options.ts'

// RFC 3463 §3.2: 5.1.1 is "bad destination mailbox address"; §3.8: 5.7.1 is "delivery not authorized".
const expired = reply(550, '5.1.1', 'This forwarding address (SRS) has expired')
const forged = reply(550, '5.7.1', 'This is no forwarding address (SRS) of ours: its hash is wrong')
const noBounce = reply(550, '5.7.1', 'Forwarding addresses (SRS) take bounces only')

/** The Sender Rewriting Scheme for what is forwarded to other hosts; see README.md. */
const plugin: PluginFactory<SrsInput> = definePlugin<SrsOptions, SrsInput>({
  name: 'srs',
  optional: [accounts],
  parseOptions,
  setup(context, options) {
    const { hooks, useOptional, clock, log, flow } = context
    const domain = domainOf(context, options)
    const { exclude, bouncesOnly } = options
    let opened: SrsAddresses | undefined
    const srs = () => {
      if (opened === undefined) throw new UnavailableError('the secrets for SRS are not read yet')
      return opened
    }
    const now = () => clock.now()
    const reversed = (address: Address) =>
      address.domain === domain ? srs().reverse(address, now()) : undefined
    const directory = useOptional(accounts)
    // RFC 5321 §4.5.1: a domain that is there for nothing else has one, too.
    const isPostmaster = async ({ localPart, domain: asked }: Address) =>
      asked === domain &&
      /^(?:postmaster|abuse)$/i.test(localPart) &&
      (await directory?.domain(domain)) === undefined
    const forwarding = new Forwarding({
      srs,
      domain,
      exclude,
      accounts: directory,
      delivery: flow.delivery,
      now,
      log,
    })

    hooks.envelope.checkRecipient.tap(
      'hash',
      async ({ reversePath }, { forwardPath }): Promise<Reply | undefined> => {
        const found = reversed(forwardPath)
        if (found === undefined) return undefined
        if (found.kind === 'address') return bouncesOnly && reversePath !== null ? noBounce : undefined
        return found.kind === 'expired' ? expired : forged
      },
    )

    hooks.envelope.claimRecipient.tap('address', async (_transaction, { forwardPath }) => {
      if (reversed(forwardPath)?.kind === 'address') return { reason: 'a forwarding address (SRS) of ours' }
      return (await isPostmaster(forwardPath)) ? { reason: 'the postmaster' } : undefined
    })

    hooks.delivery.route.tap('address', async ({ address }) => {
      const found = reversed(address)
      if (found?.kind === 'address') return { kind: 'expansion', addresses: [found.address], via: 'srs' }
      return (await isPostmaster(address))
        ? { kind: 'expansion', addresses: [{ localPart: 'postmaster', domain: '' }], via: 'srs' }
        : undefined
    })

    hooks.data.rewriteMessage.tap('forward', async (edits, transaction) => {
      const added = await forwarding.edits(edits, transaction)
      return added.length === 0 ? undefined : [...edits, ...added]
    })

    hooks.delivery.sort.tap('forward', async (disposition) => forwarding.sorted(disposition))

    return {
      async start() {
        opened = await openAddresses(context, options)
      },
      async check() {
        if (options.secretFile !== undefined) await readSecrets(options.secretFile, false)
      },
    }
  },
  commands: (context, options) => srsCommands(() => openAddresses(context, options), context.clock),
})

function domainOf({ hostname }: PluginContext, { domain }: SrsOptions): string {
  return domain ?? canonicalDomain(hostname) ?? hostname
}

async function openAddresses(context: PluginContext, options: SrsOptions): Promise<SrsAddresses> {
  const path = options.secretFile ?? join(context.dataDir, 'srs.secret')
  const secrets = await readSecrets(path, options.secretFile === undefined)
  return new SrsAddresses({ ...options, domain: domainOf(context, options), secrets })
}

export default plugin
