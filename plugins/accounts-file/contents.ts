import type { Account, AccountsAbilities, Address, Domain, Resolution } from 'mailwright'
import type { AccountRecord } from 'mailwright/accounts'

/** Something wrong in the file. */
export interface FileFault {
  /** Such as `line 3` or `accounts[2].address`; empty for the whole file. */
  readonly where: string
  readonly problem: string
}

/** Everything that a file says at one moment, by what is asked for. */
export interface FileContents {
  /** As it was read. */
  readonly text: string
  /** Where there are any, the contents must not be used. */
  readonly faults: readonly FileFault[]
  /** No domain is in it. */
  readonly isEmpty: boolean
  /** In any spelling. */
  domain(name: string): Domain | undefined
  resolve(address: Address, separator: string, now: number): Resolution
  /** The account as others see it. */
  byId(id: string): Account | undefined
  /** The same by exactly its address, with what a login needs. */
  record(address: Address): AccountRecord | undefined
}

/** One way to write accounts down. */
export interface FileFormat<Contents extends FileContents> {
  /** Reads a text; what is wrong with it is in the contents. */
  read(text: string): Contents
  /** What a file that is made holds. */
  readonly empty: string
  readonly supports: AccountsAbilities
}

/** Faults of a text as one line. */
export function problemOf(faults: readonly FileFault[]): string | undefined {
  if (faults.length === 0) return undefined
  const shown = faults
    .slice(0, 20)
    .map(({ where, problem }) => (where === '' ? problem : `${where}: ${problem}`))
  if (faults.length > shown.length) shown.push(`and ${faults.length - shown.length} more`)
  return shown.join('; ')
}
