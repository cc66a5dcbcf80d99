import type { MailboxChange } from '../hooks/retrieval.ts'
import type { HookPoint } from '../host/hook-point.ts'
import { formatAddress } from '../model/address/address.ts'
import { formatReply, isRefusal, type Reply } from '../model/reply.ts'
import type { HistoryVerb } from '../services/history.ts'
import { Delivery, type Respond } from './delivery.ts'
import type { Flow, RetrievalFlow, SessionOptions } from './flow.ts'
import { mailboxHints } from './mailbox-hint.ts'
import { SessionRun } from './session.ts'
import { FlowContext, type FlowSurroundings } from './surroundings.ts'

const nowhere = { address: 'local', port: 0 } as const

/** Makes the flow of a host. `settled` resolves when no work is left that nobody waits for. */
export function createFlow(surroundings: FlowSurroundings): {
  flowFor(plugin: string): Flow
  settled(): Promise<void>
} {
  const context = new FlowContext(surroundings)
  const open = (plugin: string, options: SessionOptions) => new SessionRun(context, delivery, plugin, options)
  const delivery = new Delivery(context, responder(open, context))
  const retrieval = createRetrieval(context)
  return {
    flowFor: (plugin) => ({ openSession: (options) => open(plugin, options), delivery, retrieval }),
    settled: () => context.settled(),
  }
}

/**
 * Sends automatic replies as mail of their own, from the null reverse-path and never to it, so that no two machines
 * answer each other (RFC 3834 §2, §3.3).
 */
function responder(
  open: (plugin: string, options: SessionOptions) => SessionRun,
  context: FlowContext,
): Respond {
  return async (item, action, attempt) => {
    const returnPath = item.reversePath === undefined ? attempt.reversePath : item.reversePath
    if (returnPath === null) return
    const session = open('sort', { role: 'local', local: nowhere, remote: nowhere, internal: true })
    const refused = (answer: Reply, transaction?: string): void =>
      context.log.warn('refused', {
        session: session.session.id,
        transaction,
        recipient: formatAddress(returnPath),
        text: `an automatic reply: ${formatReply(answer).replaceAll('\r\n', ' / ')}`,
      })
    const mail = await session.mail(null)
    if (mail.ok) {
      const { transaction } = mail
      const named = await transaction.recipient(returnPath)
      const [taken] = isRefusal(named) ? [] : await transaction.message(action.message.content)
      const answer = taken?.reply ?? named
      if (isRefusal(answer)) refused(answer, transaction.transaction.id)
    } else refused(mail.reply)
    session.close('the reply is sent')
  }
}

function createRetrieval(context: FlowContext): RetrievalFlow {
  const { retrieval } = context.hooks
  const hint = mailboxHints(context)
  const tell = (hook: HookPoint, verb: HistoryVerb) => (change: MailboxChange) => {
    const { account, mailbox, cause, uids, origin, from, to } = change
    const text = `${formatAddress(account.address)} ${mailbox}: ${cause}`
    const facts = {
      uids: uids.slice(0, 100),
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
    }
    const subject = origin === undefined ? {} : { transaction: origin }
    context.record(verb, subject, { text, facts })
    context.inBackground(hook.notify([change], subject))
    hint(change)
  }
  return {
    stored: tell(retrieval.messageStored, 'stored'),
    flagged: tell(retrieval.messageFlagged, 'flagged'),
    expunged: tell(retrieval.messageExpunged, 'expunged'),
  }
}
