import type { Clock } from '../clock.ts'
import type { Host } from '../host.ts'
import { withinTime } from './steps.ts'
import type { PlacedTap } from './tap-order.ts'

// RFC 5321 §4.1.1.3: the one mailbox that needs no domain.
const address = { localPart: 'postmaster', domain: '' }
const patience = 5_000

/**
 * Where mail from other servers is led into mailboxes and nobody reads what goes to the postmaster (RFC 5321 §4.5.1). No fault, for such
 * configs have been taken. The taps are asked apart from their hook: what they say of nobody's mail is nothing for the history.
 */
export async function unreadPostmaster(
  { rolesListenedFor, hooks }: Pick<Host, 'rolesListenedFor' | 'hooks'>,
  clock: Clock,
): Promise<readonly string[]> {
  const { route } = hooks.points.delivery
  const intoMailboxes = route.placed.some(({ options: { kinds } }) => kinds?.includes('account'))
  if (!rolesListenedFor.has('transfer') || !intoMailboxes) return []
  for (const tap of route.placed) if (await mayKnow(tap, clock)) return []
  return [
    'nobody reads mail for <postmaster>, which is refused: name somebody with localDelivery({ postmaster })',
  ]
}

/** Who fails may know: a plugin that is set up and not started, say. */
async function mayKnow({ plugin, run }: PlacedTap, clock: Clock): Promise<boolean> {
  try {
    let answer: unknown
    await withinTime(clock, plugin, 'check', patience, async () => {
      answer = await run({ address, original: address }, { signal: new AbortController().signal })
    })
    return answer !== undefined && answer !== null
  } catch {
    return true
  }
}
