import type { HookSubject } from '../host/hook-point.ts'
import { formatAddress } from '../model/address/address.ts'
import type { Filing, Outcome, RouteQuestion, SortAction } from '../model/delivery.ts'
import { formatReply, isTransient, type Reply } from '../model/reply.ts'
import type { AttemptItem, RouteResult } from './flow.ts'
import { parametersForEach } from './several-targets.ts'
import type { FlowContext } from './surroundings.ts'

type Forward = Extract<SortAction, { kind: 'forward' }>

/** What sorting made of an item. */
export interface Sorted {
  readonly filings: readonly Filing[]
  readonly forwards: readonly AttemptItem[]
}

const kept: readonly Filing[] = [{ kind: 'file', mailbox: 'INBOX' }]

/**
 * Where an item is filed and forwarded to. An address that leads nowhere for good is left out, and INBOX has the message where
 * nothing else is filed (RFC 5228 §2.10.6): neither its owner nor its sender can mend that by waiting. Undefined where one leads
 * nowhere now: it is tried again as a whole.
 */
export async function routeActions(
  context: FlowContext,
  route: (question: RouteQuestion, subject: HookSubject) => Promise<RouteResult>,
  item: AttemptItem,
  actions: readonly SortAction[],
  subject: HookSubject,
): Promise<Sorted | undefined> {
  const forwards: AttemptItem[] = []
  const lost: { readonly forward: Forward; readonly reply: Reply }[] = []
  for (const forward of actions.filter((action) => action.kind === 'forward')) {
    const found = await route({ address: forward.address, original: item.recipient }, subject)
    if (found.ok) forwards.push(...found.routes.map((one) => forwardItem(item, forward, one)))
    else lost.push({ forward, reply: found.reply })
  }
  const goesOn = !lost.some(({ reply }) => isTransient(reply))
  for (const { forward, reply } of lost) tell(context, subject, item, forward, reply, goesOn)
  const filings = actions.filter((action) => action.kind === 'file')
  if (!goesOn) return undefined
  return { forwards, filings: lost.length > 0 && filings.length === 0 ? kept : filings }
}

function forwardItem(item: AttemptItem, { reversePath }: Forward, route: AttemptItem['route']): AttemptItem {
  return { ...item, route, ...(reversePath === undefined ? {} : { reversePath }) }
}

function tell(
  context: FlowContext,
  subject: HookSubject,
  item: AttemptItem,
  forward: Forward,
  reply: Reply,
  goesOn: boolean,
): void {
  const recipient = formatAddress(item.recipient)
  const forwardTo = formatAddress(forward.address)
  const reason = formatReply(reply).replaceAll('\r\n', ' / ')
  const then = goesOn ? 'it is kept here instead' : 'the message is tried again later'
  const text = `the mail of this recipient is sent on to an address that nothing leads to: ${then}: ${reason}`
  context.record('recipient', subject, { text: `forward to ${forwardTo}: ${reason}`, facts: { recipient } })
  const { session, transaction } = subject
  context.log[goesOn ? 'error' : 'warn']('refused', { session, transaction, recipient, forwardTo, text })
}

/** The mailbox and each address that sorting sends it on to are targets in the recipient's place. */
export function forEach(forwards: readonly AttemptItem[], targets: number): readonly AttemptItem[] {
  return forwards.map((item) => ({ ...item, parameters: parametersForEach(item.parameters ?? {}, targets) }))
}

/** Nothing of it stays here: one other reports what becomes of it, several do not. */
export function sentOn({ length }: readonly AttemptItem[]): Outcome {
  return { kind: 'delivered', text: 'sent on', reached: length > 1 ? 'expanded' : 'passed-on' }
}

/** What is filed here, and what goes to other hosts and handlers. */
export function parted(items: readonly AttemptItem[]): Record<'here' | 'elsewhere', readonly AttemptItem[]> {
  const isHere = ({ route }: AttemptItem): boolean => route.kind === 'account'
  return { here: items.filter(isHere), elsewhere: items.filter((item) => !isHere(item)) }
}
