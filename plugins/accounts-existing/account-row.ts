import type { Account, Address, SessionRole } from 'mailwright'
import { readQuota } from './quota.ts'
import type { FoundAccount } from './schema.ts'
import { filledText } from './values.ts'

/** What is known of an account, from whichever source. */
export interface AccountValues {
  readonly address: Address
  readonly id: string
  readonly name: unknown
  readonly quota: unknown
  /** Octets that a plain number counts. */
  readonly quotaUnit: number
  readonly isActive: boolean
  readonly disabledProtocols: readonly string[]
  readonly attributes: Readonly<Record<string, string>>
  readonly hash: unknown
  readonly clear: unknown
  readonly identity: Readonly<Record<string, string>>
}

/** Courier's options that take a protocol away. */
const courierOptions: Readonly<Record<string, SessionRole>> = {
  disableimap: 'imap',
  disablepop3: 'pop3',
  disablewebmail: 'http',
}

export function foundAccount(values: AccountValues): FoundAccount {
  const { address, id, isActive, disabledProtocols, attributes, identity } = values
  const name = filledText(values.name)
  const quotaBytes = readQuota(filledText(values.quota), values.quotaUnit)
  const account: Account = {
    id,
    address,
    ...(name === undefined ? {} : { name }),
    ...(quotaBytes === undefined ? {} : { quotaBytes }),
    ...(isActive ? {} : { disabled: true }),
    ...(disabledProtocols.length === 0 ? {} : { disabledProtocols }),
    ...(Object.keys(attributes).length === 0 ? {} : { attributes }),
  }
  return { account, isActive, hash: filledText(values.hash), clear: filledText(values.clear), identity }
}

/** Protocols that Courier's account options take away: `disableimap=1,disablepop3=1`. */
export function protocolsOfOptions(options: string | undefined): readonly SessionRole[] {
  return (options ?? '').split(',').flatMap((option) => {
    const [name = '', value = ''] = option.split('=').map((part) => part.trim().toLowerCase())
    const role = Object.hasOwn(courierOptions, name) ? courierOptions[name] : undefined
    return role === undefined || value === '' || value === '0' ? [] : [role]
  })
}
