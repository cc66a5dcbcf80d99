import {
  type Address,
  addressKey,
  applyEdits,
  type Edit,
  type Message,
  type MessageEdit,
  makeVariants,
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
function isLocalClient({ role, account, remote }: Session, { localNetworks }: RewritingOptions): boolean {
  return (
    role === 'submission' ||
    role === 'local' ||
    account !== undefined ||
    networksInclude(localNetworks, remote.address)
  )
}

/** The edits of a local client's header, as it is after those of others. */
export async function headerEditsHere(
  rules: Rules,
  options: RewritingOptions,
  edits: readonly MessageEdit[],
  { session }: Transaction,
  message: Message,
): Promise<readonly MessageEdit[]> {
  if (!isLocalClient(session, options)) return []
  return headerEdits(edits.length === 0 ? message : await applyEdits(message, edits), here(rules))
}

/** The edits of the headers of what leaves, as they are after those of others. */
export async function headerEditsElsewhere(
  rules: Rules,
  options: RewritingOptions,
  edits: readonly Edit[],
  { session, recipients }: Transaction,
  message: Message,
): Promise<readonly Edit[]> {
  const leaving = recipients.filter(leavesUs)
  if (options.generic.length === 0 || leaving.length === 0) return []
  const rewrite = there(rules, isLocalClient(session, options))
  const found: Edit[] = []
  for (const variant of await makeVariants(message, leaving, edits)) {
    const concerned = variant.recipients.map(({ forwardPath }) => forwardPath)
    for (const edit of await headerEdits(variant.message, rewrite))
      found.push({ ...edit, recipients: concerned })
  }
  return found
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

/** What it is called in headers of what leaves. */
function there(rules: Rules, isLocal: boolean): RewriteAddress {
  return async (localPart, domain) => {
    const address = isLocal ? rules.completed(localPart, domain) : plain(rules, localPart, domain)
    return address && rules.generic(address)
  }
}

function plain(rules: Rules, localPart: string, domain: string | undefined): Address | undefined {
  return domain === undefined || !domain.includes('.') ? undefined : rules.completed(localPart, domain)
}

/** The edits of the reverse-path, as it is after those of others. */
export async function senderEdits(
  rules: Rules,
  options: RewritingOptions,
  edits: readonly Edit[],
  { session, reversePath: given, recipients }: Transaction,
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
  const isLocal = isLocalClient(session, options)
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
