import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { checkRoles } from '../../accounts/rules.ts'
import { errorCode, errorText, MailwrightError } from '../../errors.ts'
import { formatAddress, parseAddress } from '../../model/address/address.ts'
import { type OptionReader, readOptions } from '../../options.ts'
import { looksLikeHash } from '../../passwords/index.ts'
import type { AccountsAbilities, AccountsAdministration, NewAccount } from '../../services/accounts.ts'
import type { CoreCommand } from '../program.ts'
import { withAdministration } from './administration.ts'
import { sendingLimitWord } from './quantities.ts'

/** Where the accounts are made. */
interface Target {
  readonly administration: AccountsAdministration
  readonly supports: AccountsAbilities
  /** See `requireMeantRoles`. */
  requireMeant(roles: readonly string[]): void
}

/** What became of one line. */
interface Imported {
  /** From 1. */
  readonly line: number
  readonly address?: string
  readonly outcome: 'added' | 'exists' | 'failed'
  readonly problem?: string
}

/** The account of a line; throws what is wrong with it. */
function readLine(text: string): NewAccount {
  const read = readOptions(JSON.parse(text))
  const address = parseAddress(read.string('address'))
  if (address === undefined) read.fault('address', 'is not an address such as "someone@example.org"')
  const [hash, name] = [read.optionalString('hash'), read.optionalString('name')]
  const password = readPassword(read)
  const quotaBytes = read.value('quota') === undefined ? undefined : read.size('quota', { min: 1 })
  const disabled = read.boolean('disabled', { default: false })
  const deny = read.strings('deny', { default: [] })
  const limit = read.optionalString('sendingLimit')
  const sendingLimit = limit === undefined ? undefined : sendingLimitWord(limit)
  return read.done({
    address: address ?? { localPart: '', domain: '' },
    ...(password === undefined ? {} : { password }),
    ...(hash === undefined ? {} : { hash }),
    ...(name === undefined ? {} : { name }),
    ...(quotaBytes === undefined ? {} : { quotaBytes }),
    ...(disabled ? { disabled } : {}),
    ...(deny.length === 0 ? {} : { disabledProtocols: checkRoles(deny) }),
    ...(sendingLimit === undefined ? {} : { sendingLimit }),
  })
}

/** Whoever takes hashes for passwords has accounts that whoever stole the hashes can open. */
function readPassword(read: OptionReader): string | undefined {
  const password = read.optionalString('password')
  if (password !== undefined && looksLikeHash(password))
    read.fault(
      'password',
      'looks like a hash: give that as "hash"; `mailwright user passwd` takes any password',
    )
  return password
}

async function importLine(
  { administration, supports, requireMeant }: Target,
  line: number,
  text: string,
): Promise<Imported> {
  let address: string | undefined
  try {
    const account = readLine(text)
    address = formatAddress(account.address)
    if (account.hash !== undefined && supports.hashes !== true)
      throw new MailwrightError('MAIL_E_UNSUPPORTED', 'these accounts cannot be added with a hash')
    requireMeant(account.disabledProtocols ?? [])
    await administration.addAccount(account)
    return { line, address, outcome: 'added' }
  } catch (error) {
    // What is away for one line is away for all.
    if (errorCode(error) === 'MAIL_E_UNAVAILABLE') throw error
    const outcome = errorCode(error) === 'MAIL_E_EXISTS' ? 'exists' : 'failed'
    const problem = error instanceof SyntaxError ? 'it is not JSON' : errorText(error)
    return { line, ...(address === undefined ? {} : { address }), outcome, problem }
  }
}

async function importAll(target: Target, stdin: Readable): Promise<readonly Imported[]> {
  const all: Imported[] = []
  let line = 0
  for await (const text of createInterface({ input: stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    line++
    if (text.trim() !== '') all.push(await importLine(target, line, text))
  }
  return all
}

export const userImportCommand: CoreCommand = {
  usage: 'user import',
  summary: 'make accounts from standard input, one JSON object a line',
  options: [
    {
      flags: '--if-missing',
      summary: 'be content with those that exist already; nothing of them is changed',
    },
  ],
  examples: ['mailwright user import < accounts.jsonl'],
  action: (context, _words, options) =>
    withAdministration(context, async (administration, { service, requireMeant }) => {
      const target = { administration, supports: service.supports, requireMeant }
      const all = await importAll(target, context.stdin)
      const of = (outcome: Imported['outcome']) => all.filter((each) => each.outcome === outcome)
      const bad = options.ifMissing === true ? of('failed') : [...of('failed'), ...of('exists')]
      const told = bad.toSorted((a, b) => a.line - b.line)
      const text = [
        ...told.map(({ line, address = '', problem = '' }) => `line ${line}: ${address} ${problem}`),
        `added ${of('added').length}, existing ${of('exists').length}, failed ${of('failed').length}`,
      ].join('\n')
      return { json: all, text, exitCode: bad.length === 0 ? 0 : 1 }
    }),
}
