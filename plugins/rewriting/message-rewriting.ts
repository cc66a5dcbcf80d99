import {
  type Address,
  addressKey,
  type Edit,
  type Message,
  networksInclude,
  type Recipient,
  type Session,
  sameAddress,
  type Transaction,
} from 'mailwright'
import { headerEdits, type RewriteAddress } from './header-rewriting.ts'
import type { RewritingOptions } from './options.ts'
import type { Rules } from './rules.ts'

/** Whether addresses in the header of a session's mail may be changed: our users' and our own programs'. */
export function isLocalClient(
  { role, account, remote }: Session,
  { localNetworks }: RewritingOptions,
): boolean {
  return (
    role === 'submission' ||
    role === 'local' ||
    account !== undefined ||
    networksInclude(localNetworks, remote.address)
  )
}

/** The edits of one message: those of its header first, as the message came, then those of its envelope. */
export async function messageEdits(
  rules: Rules,
  options: RewritingOptions,
  edits: readonly Edit[],
  transaction: Transaction,
  message: Message,
): Promise<{ readonly header: readonly Edit[]; readonly envelope: readonly Edit[] }> {
  const isLocal = isLocalClient(transaction.session, options)
  const leaving = transaction.recipients.filter(leavesUs).map(({ forwardPath }) => forwardPath)
  const header = isLocal ? await headerEdits(message, here(rules)) : []
  const elsewhere =
    options.generic.length > 0 && leaving.length > 0
      ? await headerEdits(message, there(rules, isLocal ? here(rules) : undefined))
      : []
  return {
    header: [
      ...header,
      ...elsewhere.filter((edit) => !isAmong(edit, header)).map((edit) => ({ ...edit, recipients: leaving })),
    ],
    envelope: await senderEdits(rules, isLocal, edits, transaction),
  }
}

/** What an address is called in headers here. */
function here(rules: Rules): RewriteAddress {
  const known = new Map<string, Promise<Address | undefined>>()
  return (localPart, domain, place) => {
    const key = JSON.stringify([localPart, domain, place])
    const answer = known.get(key) ?? rewritten()
    known.set(key, answer)
    return answer
    async function rewritten(): Promise<Address | undefined> {
      const address = rules.completed(localPart, domain)
      return address && rules.canonical(address, place)
    }
  }
}

/** What it is called in headers of what leaves, behind what is made of it here. */
function there(rules: Rules, before: RewriteAddress | undefined): RewriteAddress {
  return async (localPart, domain, place) => {
    const address = before ? await before(localPart, domain, place) : plain(rules, localPart, domain)
    return address && rules.generic(address)
  }
}

function plain(rules: Rules, localPart: string, domain: string | undefined): Address | undefined {
  return domain === undefined || !domain.includes('.') ? undefined : rules.completed(localPart, domain)
}

function isAmong(edit: Edit, others: readonly Edit[]): boolean {
  return others.some((other) => JSON.stringify(other) === JSON.stringify(edit))
}

async function senderEdits(
  rules: Rules,
  isLocal: boolean,
  edits: readonly Edit[],
  { reversePath: given, recipients }: Transaction,
): Promise<readonly Edit[]> {
  // What others have changed for all; who changes it for some knows better.
  const last = edits.findLast(
    (edit) => edit.kind === 'change-reverse-path' && edit.recipients === undefined && edit.where !== 'remote',
  )
  const sender = last?.kind === 'change-reverse-path' ? last.address : given
  if (sender === null) return []
  const chosen = new Set(
    edits
      .flatMap((edit) => (edit.kind === 'change-reverse-path' ? (edit.recipients ?? []) : []))
      .map(addressKey),
  )
  const forOthers =
    chosen.size === 0
      ? {}
      : {
          recipients: recipients
            .map(({ forwardPath }) => forwardPath)
            .filter((one) => !chosen.has(addressKey(one))),
        }
  const canonical = await rules.canonical(isLocal ? rules.qualified(sender) : sender, 'envelope-sender')
  const generic = await rules.generic(canonical)
  const changed: Edit[] = []
  if (!sameAddress(canonical, sender))
    changed.push({ kind: 'change-reverse-path', address: canonical, ...forOthers })
  if (!sameAddress(generic, canonical))
    changed.push({ kind: 'change-reverse-path', address: generic, where: 'remote', ...forOthers })
  return changed
}

/** Whether all that a recipient gets goes to other hosts: a message has one header for all of a recipient's routes. */
function leavesUs({ routes }: Recipient): boolean {
  return routes.length > 0 && routes.every(({ kind }) => kind === 'remote')
}
