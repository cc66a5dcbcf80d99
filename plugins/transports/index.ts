import {
  type Address,
  accounts,
  definePlugin,
  forAllAtOnce,
  type PluginFactory,
  type Reply,
  type RouteAnswer,
  sameAddress,
  UnavailableError,
} from 'mailwright'
import { type Destination, destinationReply, formatDestination } from './destination.ts'
import { HandlerDelivery } from './handler-delivery.ts'
import { LmtpDelivery } from './lmtp/lmtp-delivery.ts'
import { LmtpPool } from './lmtp/lmtp-pool.ts'
import { LmtpTls } from './lmtp/lmtp-tls.ts'
import { parseOptions, type TransportsInput, type TransportsOptions } from './options.ts'
import { PipeDelivery } from './pipe/pipe-delivery.ts'
import { type FoundDestination, TransportMap } from './transport-map.ts'

export type {
  DestinationInput,
  LmtpInput,
  LmtpTlsLevel,
  PipeInput,
  TransportsInput,
  TransportsOptions,
} from './options.ts'
export type { TransportTable } from './transport-map.ts'

/** Milliseconds for a whole batch: a client waits for ten minutes at the end of DATA (RFC 5321 §4.5.3.2.6). */
const batchTime = 570_000

/** Where mail goes that goes another way: a transport map; see README.md. */
const plugin: PluginFactory<TransportsInput> = definePlugin<TransportsOptions, TransportsInput>({
  name: 'transports',
  optional: [accounts],
  parseOptions,
  setup({ name, hooks, useOptional, log, clock, hostname, flow }, options) {
    const { pipes, tables, detailSeparator, lmtp } = options
    const map = new TransportMap({ entries: options.map, tables, pipes, detailSeparator })
    const directory = useOptional(accounts)
    const tls = new LmtpTls(lmtp.tls)
    const pool = new LmtpPool({ ...lmtp, tls, clock, hostname })
    const programs = new PipeDelivery(pipes, { clock, log, detailSeparator })
    const prefix = `${name}/`
    const delivery = new HandlerDelivery({ prefix, pipes, lmtp: new LmtpDelivery(pool, tls, log), programs })

    hooks.envelope.checkRecipient.tap('refused', async (_transaction, { forwardPath: address }) => {
      const destination = (await find(map, address))?.destination
      const refusal = destination && refusalOf(destination, programs, address)
      if (destination === undefined || refusal === undefined) return undefined
      // An alias of that address comes before the map.
      const handler = `${prefix}${formatDestination(destination)}`
      const routed = await flow.delivery.route({ address, original: address })
      const isHere = (to: Address) => destination.kind !== 'pipe' || sameAddress(to, address)
      const leadsThere =
        routed.ok &&
        routed.routes.some((one) => one.kind === 'handler' && one.handler === handler && isHere(one.address))
      return leadsThere ? refusal : undefined
    })

    hooks.envelope.claimRecipient.tap('transport', async (_transaction, { forwardPath }) => {
      const found = await find(map, forwardPath)
      if (found === undefined || found.destination.kind === 'smtp' || found.destination.kind === 'local')
        return undefined
      const isOurs = found.namesDomain || (await directory?.domain(forwardPath.domain)) !== undefined
      return isOurs ? { reason: `a transport: ${found.destination.kind}` } : undefined
    })

    hooks.delivery.route.tap(
      'map',
      async ({ address, released }): Promise<RouteAnswer | undefined> => {
        const destination = (await find(map, address))?.destination
        if (destination === undefined || destination.kind === 'local') return undefined
        if (destination.kind === 'hold' && released === true) return undefined
        if (destination.kind !== 'smtp')
          return { kind: 'handler', handler: `${prefix}${formatDestination(destination)}`, address }
        const { nextHop } = destination
        return { kind: 'remote', address, ...(nextHop === undefined ? {} : { nextHop }) }
      },
      // What tables say is only known when they are asked.
      { kinds: [...options.map.values()].some(({ kind }) => kind === 'smtp') ? ['remote'] : [] },
    )

    hooks.delivery.deliver.tap(
      'transports',
      async (batch, { signal }) => delivery.deliver(batch, AbortSignal.any([batch.signal, signal])),
      { timeout: batchTime, kinds: ['handler'] },
    )

    return {
      async start() {
        tls.start()
        await forAllAtOnce(tables, (table) => table.open?.({ clock, log }))
        await programs.start()
      },
      async check() {
        tls.start()
        await forAllAtOnce(tables, (table) => table.check?.({ clock, log }))
        await programs.check()
      },
      async stop() {
        pool.close()
        for (const table of tables) table.close?.()
      },
    }
  },
})

/** What a client is told before it sends its message. */
function refusalOf(destination: Destination, programs: PipeDelivery, address: Address): Reply | undefined {
  if (destination.kind === 'pipe') return programs.refusal(destination, address)
  const isRefused = destination.kind === 'error' || destination.kind === 'retry'
  return isRefused ? destinationReply(destination) : undefined
}

/** MAIL_E_UNAVAILABLE where a table says what cannot be done: the client comes again when it is mended. */
async function find(
  map: TransportMap,
  address: Parameters<TransportMap['find']>[0],
): Promise<FoundDestination | undefined> {
  try {
    return await map.find(address)
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new UnavailableError('the transport map has an entry that cannot be used', { cause })
  }
}

export default plugin
