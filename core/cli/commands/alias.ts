import { type Address, canonicalDomain, formatAddress } from '../../model/address.ts'
import { addressArgument } from '../context.ts'
import { table } from '../output.ts'
import type { CoreCommand } from '../program.ts'
import { unless, withAdministration } from './administration.ts'

/** An address, or `@example.org` for the catch-all of a domain. */
function aliasArgument(text: string): Address {
  const domain = text.startsWith('@') ? canonicalDomain(text.slice(1)) : undefined
  return domain === undefined ? addressArgument(text) : { localPart: '', domain }
}

function aliasText(address: Address): string {
  return address.localPart === '' ? `@${address.domain}` : formatAddress(address)
}

export const aliasCommands: readonly CoreCommand[] = [
  {
    usage: 'alias add <alias> <target>',
    summary: 'let an address stand for another one too; "@example.org" is the catch-all of a domain',
    options: [{ flags: '--if-missing', summary: 'be content where it exists already' }],
    examples: [
      'mailwright alias add info@example.org me@example.org',
      'mailwright alias add @example.org me@example.org',
    ],
    action: (context, [word = '', targetWord = ''], options) => {
      const alias = aliasArgument(word)
      const target = addressArgument(targetWord)
      return withAdministration(context, async (administration) => {
        const added = await unless('MAIL_E_EXISTS', options.ifMissing === true, () =>
          administration.addAlias(alias, target),
        )
        const text = `${added ? 'added' : 'exists already:'} ${aliasText(alias)} → ${formatAddress(target)}`
        return { json: { alias: aliasText(alias), target: formatAddress(target), added }, text }
      })
    },
  },
  {
    usage: 'alias list [domain]',
    summary: 'list the aliases',
    action: (context, [domain]) =>
      withAdministration(context, async (administration) => {
        const aliases = (await administration.aliases(domain)).map(({ address, targets }) => ({
          alias: aliasText(address),
          targets: targets.map(formatAddress),
        }))
        const rows = aliases.map(({ alias, targets }) => [alias, targets.join(', ')])
        return { json: aliases, text: table(['alias', 'targets'], rows) }
      }),
  },
  {
    usage: 'alias remove <alias> [target]',
    summary: 'remove an alias, or one of its targets',
    options: [{ flags: '--if-exists', summary: 'be content where it does not exist' }],
    action: (context, [word = '', targetWord], options) => {
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
