import {
  type Account,
  type AccountsAbilities,
  type Address,
  type Domain,
  MailwrightError,
  type Resolution,
} from 'mailwright'
import type { AccountRecord, AccountsDirectory } from 'mailwright/accounts'
import type { FileContents, FileFault } from './contents.ts'
import { readData } from './data-reading.ts'

/** What files of data can do. */
export const dataSupports: AccountsAbilities = {
  administration: true,
  aliases: true,
  catchAll: true,
  persistent: true,
  aliasDomains: true,
  domainSettings: true,
  accountSettings: true,
  hashes: true,
  expiringAliases: true,
  appPasswords: true,
  restoring: true,
}

/** What a file of data says: JSON and YAML are two ways to write the same. */
export abstract class DataContents implements FileContents {
  readonly text: string
  readonly faults: readonly FileFault[]
  readonly directory: AccountsDirectory

  constructor(text: string, data: unknown, faults: readonly FileFault[] = []) {
    this.text = text
    const read = readData(faults.length === 0 ? data : {})
    this.directory = read.directory
    this.faults = [...faults, ...read.faults]
  }

  /** A directory of the same contents that may be changed. */
  abstract copy(): AccountsDirectory
  /** The text that says what a changed copy says. */
  abstract write(changed: AccountsDirectory): string

  get isEmpty(): boolean {
    return this.directory.domains.size === 0
  }

  domain(name: string): Domain | undefined {
    return this.directory.domain(name)
  }

  resolve(address: Address, separator: string, now: number): Resolution {
    return this.directory.resolve(address, separator, now)
  }

  byId(id: string): Account | undefined {
    const record = this.directory.byId(id)
    return record && this.directory.accountOf(record)
  }

  record(address: Address): AccountRecord | undefined {
    const record = this.directory.record(address)
    return record && { ...record, account: this.directory.accountOf(record) }
  }
}

/** A text that is not of its format, as a fault. */
export function syntaxFault(error: unknown): readonly FileFault[] {
  const [problem = ''] = (error instanceof Error ? error.message : String(error)).split('\n')
  if (error instanceof MailwrightError) return [{ where: '', problem }]
  return [{ where: '', problem: `it cannot be read: ${problem}` }]
}
