import { errorCode, errorText, MailwrightError } from '../../errors.ts'
import type { Host } from '../../host.ts'
import type { Account } from '../../model/account.ts'
import { type Address, formatAddress, formatUnicodeAddress } from '../../model/address/address.ts'
import { accounts } from '../../services/accounts.ts'
import { type Store, type StoreFault, store } from '../../services/store.ts'
import { addressArgument, type CliContext, withHost } from '../context.ts'
import { table } from '../output.ts'
import type { CoreCommand } from '../program.ts'
import { existingAccount } from './administration.ts'

/** What was found in one account, or why it could not be looked at. */
interface Examination {
  readonly account: Account
  readonly faults: readonly StoreFault[]
  readonly failure?: { readonly code: string | undefined; readonly problem: string }
}

function storeOf(host: Host): Store {
  const service = host.service(store)
  if (service.supports.persistent) return service
  throw new MailwrightError(
    'MAIL_E_UNSUPPORTED',
    'the store of this config lives in the memory of the server; a command cannot look at it',
  )
}

/** The accounts of the addresses; all where none is given. */
async function accountsOf(host: Host, addresses: readonly Address[]): Promise<readonly Account[]> {
  const service = host.service(accounts)
  if (addresses.length === 0) {
    if (service.administration !== undefined) return service.administration.accounts()
    throw new MailwrightError(
      'MAIL_E_UNSUPPORTED',
      'the accounts of this config cannot be listed: name the addresses',
    )
  }
  const found: Account[] = []
  for (const address of addresses) found.push(await existingAccount(service, address))
  return found
}

/** One account that cannot be looked at does not keep the others from being. */
async function examineOne(service: Store, account: Account, repair: boolean): Promise<Examination> {
  try {
    return { account, faults: await service.examine(account, { repair }) }
  } catch (error) {
    return { account, faults: [], failure: { code: errorCode(error), problem: errorText(error) } }
  }
}

function json({ account, faults, failure }: Examination): Record<string, unknown> {
  return { address: formatAddress(account.address), faults, ...(failure === undefined ? {} : { failure }) }
}

function rows({ account, faults, failure }: Examination): readonly (readonly string[])[] {
  const address = formatUnicodeAddress(account.address)
  const lines = faults.map(({ mailbox, problem, remedy }) => [address, mailbox, problem, remedy])
  return failure === undefined ? lines : [...lines, [address, '', failure.problem, 'none']]
}

async function examine(context: CliContext, words: readonly string[], repair: boolean) {
  const addresses = words.map(addressArgument)
  return withHost(context, async (host) => {
    const service = storeOf(host)
    const all: Examination[] = []
    for (const account of await accountsOf(host, addresses))
      all.push(await examineOne(service, account, repair))
    const faults = all.flatMap(rows)
    const bad = repair ? all.some(({ failure }) => failure !== undefined) : faults.length > 0
    const text =
      faults.length === 0
        ? `nothing is wrong (accounts: ${all.length})`
        : table(['account', 'mailbox', 'problem', repair ? 'done' : 'remedy'], faults)
    return { json: all.map(json), text, exitCode: bad ? 1 : 0 }
  })
}

export const storeCommands: readonly CoreCommand[] = [
  {
    usage: 'store check [address...]',
    summary: 'look for damage in the mailboxes of accounts, or of all; changes nothing',
    examples: ['mailwright store check me@example.org'],
    action: (context, words) => examine(context, words, false),
  },
  {
    usage: 'store repair [address...]',
    summary: 'undo the damage that "store check" finds; loses no message',
    examples: ['mailwright store check || mailwright store repair'],
    action: (context, words) => examine(context, words, true),
  },
]
