import { isIP } from 'node:net'
import {
  type Account,
  type Accounts,
  type Address,
  formatReply,
  type PluginCommand,
  parseAddress,
  type Reply,
  UsageError,
} from 'mailwright'
import type { Client } from './grounds.ts'
import type { RelayRules } from './relay-rules.ts'
import type { SenderBinding } from './sender-binding.ts'

/** What the command asks. */
export interface CheckParts {
  readonly rules: RelayRules
  readonly binding: SenderBinding
  readonly accounts: Pick<Accounts, 'resolve'> | undefined
}

type Words = Readonly<Record<string, string | boolean | undefined>>

/** `mailwright relay check`: what these rules say of a client and a recipient, without asking or sending anything. */
export function checkCommand({ rules, binding, accounts }: CheckParts): PluginCommand {
  return {
    name: 'relay check',
    summary: 'tell whether mail for an address of others would be taken from a client, and why',
    arguments: [{ name: 'recipient', summary: 'such as someone@elsewhere.example' }],
    options: [
      { flags: '--from <address>', summary: "the client's IP address" },
      { flags: '--login <account>', summary: 'the account that it has logged in with, by submission' },
      { flags: '--sender <address>', summary: 'the reverse-path' },
      { flags: '--certificate <sha256>', summary: 'the fingerprint of the certificate that it shows' },
    ],
    async run({ arguments: [word = ''], options }) {
      const recipient = addressOf(word)
      const account = await accountOf(options, accounts)
      const client = clientOf(options, account)
      const sender = typeof options.sender === 'string' ? addressOf(options.sender) : null
      const refused =
        (account && (await binding.refuseReversePath(account, sender))) ??
        (await rules.refuse(client, recipient))
      if (refused !== undefined) return no(shown(refused))
      const claim = await rules.claim(client, recipient)
      if (claim === undefined)
        return no(
          (await rules.isForeign(recipient))
            ? 'no rule lets this client send there; another plugin may'
            : 'the address is ours: this is no relaying',
        )
      const route = await rules.route(recipient)
      const to = route?.nextHop ?? `the MX of ${recipient.domain}`
      return {
        json: { relayed: true, reason: claim.reason, nextHop: route?.nextHop ?? null },
        text: `yes: ${claim.reason}, to ${to}`,
      }
    },
  }
}

function no(reason: string): { readonly json: unknown; readonly text: string } {
  return { json: { relayed: false, reason }, text: `no: ${reason}` }
}

function shown(refusal: Reply): string {
  return formatReply(refusal).replaceAll('\r\n', ' / ')
}

function addressOf(text: string): Address {
  const address = parseAddress(text)
  if (address === undefined) throw new UsageError(`"${text}" is no address such as jo@example.org`)
  return address
}

async function accountOf({ login }: Words, accounts: CheckParts['accounts']): Promise<Account | undefined> {
  if (typeof login !== 'string') return undefined
  const found = await accounts?.resolve(addressOf(login))
  if (found?.kind !== 'account') throw new UsageError(`there is no account ${login}`)
  return found.account
}

function clientOf({ from, certificate }: Words, account: Account | undefined): Client {
  if (typeof from !== 'string' || isIP(from) === 0)
    throw new UsageError('--from is missing: the IP address of the client')
  const fingerprint256 = String(certificate ?? '')
    .replaceAll(':', '')
    .toLowerCase()
  const clientCertificate = { fingerprint256, subject: '', verified: false }
  return {
    role: account === undefined ? 'transfer' : 'submission',
    remote: { address: from, port: 0 },
    tls: typeof certificate === 'string' ? { version: '', cipher: '', clientCertificate } : undefined,
    account,
    ownClient: undefined,
  }
}
