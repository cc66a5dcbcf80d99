import {
  concerns,
  definePlugin,
  type PluginFactory,
  type Reply,
  resolver,
  type Session,
  type Transaction,
} from 'mailwright'
import { ListLookup } from './list-lookup.ts'
import { type DnsListsInput, type DnsListsOptions, parseOptions } from './options.ts'
import { accusing, listedReply } from './refusal.ts'
import { listingFinding, SessionScore, totalScore } from './session-score.ts'

export type { DnsListInput, DnsListsInput } from './options.ts'

/** Lists in the DNS of clients and domains, bad ones and good ones, with scores; see README.md. */
const plugin: PluginFactory<DnsListsInput> = definePlugin<DnsListsOptions, DnsListsInput>({
  name: 'dns-lists',
  requires: [resolver],
  parseOptions,
  setup({ name, hooks, use, log, clock }, options) {
    const score = new SessionScore(new ListLookup(use(resolver), log), options, clock)
    const { connection, envelope, data } = hooks
    const applies = (session: Session) => concerns(options, session)
    const refusal = async (session: Session, transaction?: Transaction): Promise<Reply | undefined> => {
      const listings = await score.listings(session, transaction)
      if (totalScore(listings) < options.threshold) return undefined
      const against = accusing(listings)
      return against.length === 0 ? undefined : listedReply(against, await score.reasons(against))
    }

    connection.checkClient.tap('look-up', async (session) => {
      if (!applies(session)) return undefined
      score.client(session)
      return options.refuseAt === 'client' ? refusal(session) : undefined
    })
    connection.checkHello.tap('look-up', async (session) => {
      if (applies(session)) score.hello(session)
      return undefined
    })
    envelope.checkSender.tap('look-up', async (transaction) => {
      if (applies(transaction.session)) score.sender(transaction)
      return undefined
    })
    if (options.refuseAt === 'recipient')
      envelope.checkRecipient.tap('listed', async (transaction, { forwardPath }) => {
        if (!applies(transaction.session) || options.reachable.has(forwardPath)) return undefined
        return refusal(transaction.session, transaction)
      })
    data.inspect.tap('listed', async (transaction) => {
      if (!applies(transaction.session)) return undefined
      const listings = await score.listings(transaction.session, transaction)
      return listings.map((listing) => listingFinding(name, listing))
    })
    return {
      async serve() {
        for (const text of options.reachable.doubts) log.warn('starting', { text })
      },
    }
  },
})

export default plugin
