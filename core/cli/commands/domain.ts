import { MailwrightError } from '../../errors.ts'
import { canonicalDomain } from '../../model/address/address.ts'
import type { Domain, DomainChange } from '../../services/accounts.ts'
import { UsageError } from '../context.ts'
import { table } from '../output.ts'
import type { CoreCommand } from '../program.ts'
import { unless, withAdministration } from './administration.ts'
import { countWord, disabledOption, given, quotaWord, textWord } from './quantities.ts'

function domainArgument(text: string | undefined): string {
  const domain = text === undefined ? undefined : canonicalDomain(text)
  if (domain !== undefined) return domain
  throw new UsageError(`"${text}" is not a domain such as example.org`)
}

const limitOptions = [
  { flags: '--quota <size>', summary: 'what the quotas of its accounts may come to, such as 100G' },
  { flags: '--max-accounts <number>', summary: 'accounts at most' },
]

/** What the options of `add` and `set` say of a domain. */
function settings(options: Parameters<CoreCommand['action']>[2]): DomainChange {
  const { aliasOf, quota, maxAccounts } = options
  const disabled = disabledOption(options)
  const target = given(aliasOf) ? textWord(aliasOf) : undefined
  return {
    ...(given(aliasOf) ? { aliasOf: target && domainArgument(target) } : {}),
    ...(given(quota) ? { quotaBytes: quotaWord(quota) } : {}),
    ...(given(maxAccounts) ? { maxAccounts: countWord(maxAccounts, 'accounts') } : {}),
    ...(disabled === undefined ? {} : { disabled }),
  }
}

function settingsText({ aliasOf, quotaBytes, maxAccounts, disabled }: Domain): readonly string[] {
  return [
    aliasOf ?? '',
    quotaBytes === undefined ? 'none' : String(quotaBytes),
    maxAccounts === undefined ? 'none' : String(maxAccounts),
    disabled ? 'disabled' : '',
  ]
}

const headings = ['domain', 'alias of', 'quota', 'accounts', 'state']

export const domainCommands: readonly CoreCommand[] = [
  {
    usage: 'domain add <domain>',
    summary: 'take mail for a domain',
    options: [
      { flags: '--alias-of <domain>', summary: 'each address of it is the same one at that domain' },
      ...limitOptions,
      { flags: '--disable', summary: 'take no mail for it yet' },
      { flags: '--if-missing', summary: 'be content where it exists already; nothing of it is changed' },
    ],
    examples: [
      'mailwright domain add example.org',
      'mailwright domain add müller.example --if-missing',
      'mailwright domain add example.net --alias-of example.org',
    ],
    action: async (context, [word], options) => {
      const name = domainArgument(word)
      const wanted = Object.fromEntries(
        Object.entries(settings(options)).filter(([, value]) => value !== undefined),
      )
      return withAdministration(context, async (administration) => {
        const added = await unless('MAIL_E_EXISTS', options.ifMissing === true, async () => {
          await administration.addDomain(name, wanted)
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
    usage: 'domain show <domain>',
    summary: 'show the settings of a domain',
    action: async (context, [word]) => {
      const name = domainArgument(word)
      return withAdministration(context, async (_administration, { service }) => {
        const domain = await service.domain(name)
        if (domain === undefined) throw new MailwrightError('MAIL_E_NOT_FOUND', `there is no domain ${name}`)
        return { json: domain, text: table(headings, [[domain.name, ...settingsText(domain)]]) }
      })
    },
  },
  {
    usage: 'domain set <domain>',
    summary: 'change the settings of a domain; "none" takes one away',
    options: [
      { flags: '--alias-of <domain>', summary: 'each address of it is the same one at that domain' },
      ...limitOptions,
      { flags: '--disable', summary: 'take no mail for it and let nobody of it log in' },
      { flags: '--enable', summary: 'take mail for it again' },
    ],
    examples: ['mailwright domain set example.org --quota 100G --max-accounts 50'],
    action: async (context, [word], options) => {
      const name = domainArgument(word)
      const change = settings(options)
      if (Object.keys(change).length === 0) throw new UsageError('say what to change')
      return withAdministration(context, async (administration, { changing }) => {
        const domain = await changing(undefined, () => administration.updateDomain(name, change))
        return { json: domain, text: `changed ${name}` }
      })
    },
  },
  {
    usage: 'domain remove <domain>',
    summary: 'take no more mail for a domain; it must have no accounts, aliases and alias domains left',
    options: [{ flags: '--if-exists', summary: 'be content where it does not exist' }],
    action: async (context, [word], options) => {
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
