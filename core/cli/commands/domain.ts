import { canonicalDomain } from '../../model/address.ts'
import { UsageError } from '../context.ts'
import type { CoreCommand } from '../program.ts'
import { unless, withAdministration } from './administration.ts'

function domainArgument(text: string | undefined): string {
  const domain = text === undefined ? undefined : canonicalDomain(text)
  if (domain !== undefined) return domain
  throw new UsageError(`"${text}" is not a domain such as example.org`)
}

export const domainCommands: readonly CoreCommand[] = [
  {
    usage: 'domain add <domain>',
    summary: 'take mail for a domain',
    options: [{ flags: '--if-missing', summary: 'be content where it exists already' }],
    examples: ['mailwright domain add example.org', 'mailwright domain add müller.example --if-missing'],
    action: (context, [word], options) => {
      const name = domainArgument(word)
      return withAdministration(context, async (administration) => {
        const added = await unless('MAIL_E_EXISTS', options.ifMissing === true, async () => {
          await administration.addDomain(name)
        })
        return { json: { domain: name, added }, text: added ? `added ${name}` : `${name} exists already` }
      })
    },
  },
  {
    usage: 'domain list',
    summary: 'list the domains',
    action: (context) =>
      withAdministration(context, async (administration) => {
        const domains = await administration.domains()
        return { json: domains, text: domains.map((domain) => domain.name).join('\n') }
      }),
  },
  {
    usage: 'domain remove <domain>',
    summary: 'take no more mail for a domain; it must have no accounts and aliases left',
    options: [{ flags: '--if-exists', summary: 'be content where it does not exist' }],
    action: (context, [word], options) => {
      const name = domainArgument(word)
      return withAdministration(context, async (administration) => {
        const removed = await unless('MAIL_E_NOT_FOUND', options.ifExists === true, () =>
          administration.removeDomain(name),
        )
        return { json: { domain: name, removed }, text: removed ? `removed ${name}` : `there was no ${name}` }
      })
    },
  },
]
