import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import {
  type Account,
  type Accounts,
  type CommandCaller,
  type CommandInvocation,
  errorText,
  formatAddress,
  MailwrightError,
  parseAddress,
  sameAddress,
  UsageError,
} from 'mailwright'
import { type NameFilter, nameFilter } from './glob.ts'

type Options = CommandInvocation['options']

/** An option's text; undefined where it was not given. */
export function textOption(options: Options, name: string): string | undefined {
  const value = options[name]
  return typeof value === 'string' ? value : undefined
}

/** The same, and it must be given. */
export function neededOption(options: Options, name: string): string {
  const value = textOption(options, name)
  if (value === undefined || value === '') throw new UsageError(`say --${name}`)
  return value
}

/** The account of an address. MAIL_E_NOT_FOUND where there is none of exactly that address. */
export async function accountOf(service: Accounts, text: string): Promise<Account> {
  const address = parseAddress(text)
  if (address === undefined) throw new UsageError(`"${text}" is not an address such as someone@example.org`)
  const found = await service.resolve(address)
  if (found.kind === 'account' && sameAddress(found.account.address, address)) return found.account
  throw new MailwrightError('MAIL_E_NOT_FOUND', `there is no account ${formatAddress(address)}`)
}

/** A path from the folder in which the command was typed. */
export function pathWord(word: string, caller: CommandCaller | undefined): string {
  if (word === '') throw new UsageError('the path is empty')
  return resolve(caller?.folder ?? process.cwd(), word)
}

/** What `--mailboxes` and `--exclude` say together; all where neither is given. */
export function mailboxFilter(options: Options): NameFilter {
  const wanted = nameFilter(textOption(options, 'mailboxes') ?? '*')
  const unwanted = nameFilter(textOption(options, 'exclude') ?? '')
  return (name) => wanted(name) && !unwanted(name)
}

/** `--since`: a day, or a time. */
export function sinceOption(options: Options): Date | undefined {
  const text = textOption(options, 'since')
  if (text === undefined) return undefined
  const date = new Date(text)
  if (!/^\d{4}-\d\d-\d\d/.test(text) || Number.isNaN(date.getTime()))
    throw new UsageError(`"${text}" is not a day such as 2026-01-31`)
  return date
}

/** `--port`: 1 to 65535. */
export function portOption(options: Options): number | undefined {
  const text = textOption(options, 'port')
  if (text === undefined) return undefined
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535) return port
  throw new UsageError(`"${text}" is not a port`)
}

/** The first line of standard input or of a file, never a word that others could read. */
export async function passwordOption(options: Options, caller: CommandCaller | undefined): Promise<string> {
  const file = textOption(options, 'passwordFile')
  if ((file === undefined) === (options.passwordStdin !== true))
    throw new UsageError('say either --password-stdin or --password-file')
  const password = file === undefined ? await caller?.firstLine() : await firstLineOf(pathWord(file, caller))
  if (password === undefined || password === '') throw new UsageError('the password is empty')
  return password
}

async function firstLineOf(path: string): Promise<string> {
  try {
    const [line = ''] = (await readFile(path, 'utf8')).split(/\r?\n/, 1)
    return line
  } catch (error) {
    throw new MailwrightError('MAIL_E_NOT_FOUND', `the password cannot be read: ${errorText(error)}`)
  }
}
