import {
  type Accounts,
  addressOctets,
  formatAddress,
  type Network,
  networkProblem,
  networksInclude,
  parseAddress,
  parseNetwork,
  UsageError,
} from 'mailwright'
import { clientNetwork } from './client-network.ts'
import { loginSpelling } from './login-spelling.ts'
import type { RecentLogin } from './recent-logins.ts'

export type Revocation = (entry: Pick<RecentLogin, 'network' | 'login'>) => boolean

/**
 * Which entries a postmaster means by an IP address with its network, by a network with all within it, by a login in
 * any spelling, or by `all`. UsageError for what is none of them.
 */
export async function revocationOf(text: string, accounts: Accounts | undefined): Promise<Revocation> {
  const what = text.trim()
  if (what === '') throw new UsageError('an IP address, a network, a login or "all" is missing')
  if (what === 'all') return () => true
  const network = parseNetwork(clientNetwork(what) ?? what)
  if (network !== undefined) return (entry) => overlap(parseNetwork(entry.network), network)
  const [address = ''] = what.split('/')
  if (addressOctets(address) !== undefined) throw new UsageError(`"${what}" must be ${networkProblem(what)}`)
  const logins = await spellingsOf(what, accounts)
  return ({ login }) => logins.has(loginSpelling(login))
}

async function spellingsOf(what: string, accounts: Accounts | undefined): Promise<ReadonlySet<string>> {
  const address = parseAddress(what)
  const found = address && (await accounts?.resolve(address))
  const own = found?.kind === 'account' ? [loginSpelling(formatAddress(found.account.address))] : []
  return new Set([loginSpelling(what), ...own])
}

/** Of two networks that have an address in common one is within the other. */
function overlap(one: Network | undefined, other: Network): boolean {
  return one !== undefined && (networksInclude([one], first(other)) || networksInclude([other], first(one)))
}

function first({ text }: Network): string {
  return text.split('/')[0] ?? ''
}
