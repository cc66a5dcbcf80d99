import { hasExpired } from '../../accounts/directory-aliases.ts'
import { type Address, canonicalDomain, formatAddress } from '../../model/address/address.ts'
import type { AliasTarget } from '../../services/accounts.ts'
import { addressArgument } from '../context.ts'
import { table } from '../output.ts'
import type { CoreCommand } from '../program.ts'
import { until } from '../times.ts'
import { requireDomain, unless, withAdministration } from './administration.ts'
import { refuseCircle } from './alias-circle.ts'

/** An address, or `@example.org` for the catch-all of a domain. */
function aliasArgument(text: string): Address {
  const domain = text.startsWith('@') ? canonicalDomain(text.slice(1)) : undefined
  return domain === undefined ? addressArgument(text) : { localPart: '', domain }
}

function aliasText(address: Address): string {
  return address.localPart === '' ? `@${address.domain}` : formatAddress(address)
}

interface Expiry {
  readonly target: string
  readonly expiresAt: Date
  readonly expired: boolean
}

function expiryJson(target: AliasTarget): readonly Expiry[] {
  const { expiresAt } = target
  if (expiresAt === undefined) return []
  return [{ target: formatAddress(target), expiresAt, expired: hasExpired(target, Date.now()) }]
}

function targetText(expiring: readonly Expiry[]): (target: string) => string {
  return (target) => {
    const end = expiring.find((each) => each.target === target)
    if (end === undefined) return target
    return `${target} (${end.expired ? 'expired' : 'until'} ${end.expiresAt.toISOString()})`
  }
}

export const aliasCommands: readonly CoreCommand[] = [
  {
    usage: 'alias add <alias> <target>',
    summary: 'let an address stand for another one too; "@example.org" is the catch-all of a domain',
    options: [
      { flags: '--expires <when>', summary: 'leads there no longer then: a time, or a duration such as 30d' },
      { flags: '--if-missing', summary: 'be content where it exists already' },
    ],
    examples: [
      'mailwright alias add info@example.org me@example.org',
      'mailwright alias add @example.org me@example.org',
      'mailwright alias add shop-2026@example.org me@example.org --expires 90d',
    ],
    action: async (context, [word = '', targetWord = ''], options) => {
      const alias = aliasArgument(word)
      const expiresAt = until(options.expires)
      const target: AliasTarget = {
        ...addressArgument(targetWord),
        ...(expiresAt === undefined ? {} : { expiresAt }),
      }
      return withAdministration(context, async (administration, { service }) => {
        await refuseCircle(service, alias, target)
        const added = await unless('MAIL_E_EXISTS', options.ifMissing === true, () =>
          administration.addAlias(alias, target),
        )
        const text = `${added ? 'added' : 'exists already:'} ${aliasText(alias)} → ${formatAddress(target)}`
        const json = { alias: aliasText(alias), target: formatAddress(target), expiresAt, added }
        return { json, text }
      })
    },
  },
  {
    usage: 'alias list [domain]',
    summary: 'list the aliases',
    action: (context, [domain]) =>
      withAdministration(context, async (administration, { service }) => {
        await requireDomain(service, domain)
        const aliases = (await administration.aliases(domain)).map(({ address, targets }) => ({
          alias: aliasText(address),
          targets: targets.map(formatAddress),
          expiring: targets.flatMap(expiryJson),
        }))
        const rows = aliases.map(({ alias, targets, expiring }) => [
          alias,
          targets.map(targetText(expiring)).join(', '),
        ])
        return { json: aliases, text: table(['alias', 'targets'], rows) }
      }),
  },
  {
    usage: 'alias remove <alias> [target]',
    summary: 'remove an alias, or one of its targets',
    options: [{ flags: '--if-exists', summary: 'be content where it does not exist' }],
    action: async (context, [word = '', targetWord], options) => {
      const alias = aliasArgument(word)
      const target = targetWord === undefined ? undefined : addressArgument(targetWord)
      return withAdministration(context, async (administration) => {
        const removed = await unless('MAIL_E_NOT_FOUND', options.ifExists === true, () =>
          administration.removeAlias(alias, target),
        )
        return {
          json: { alias: aliasText(alias), removed },
          text: `${removed ? 'removed' : 'there was no'} ${aliasText(alias)}`,
        }
      })
    },
  },
]
