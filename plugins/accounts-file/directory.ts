import { type Address, addressKey, canonicalDomain, type Resolution, splitDetail } from 'mailwright'
import { type AccountEntry, type AliasEntry, domainOf, type Entry, LineFault, writeAddress } from './entry.ts'
import { type Line, readLine } from './line.ts'

/** Something wrong in the file. */
export interface FileFault {
  /** From 1. */
  readonly line: number
  readonly problem: string
}

/** Everything that a file says, by what is asked for. */
export class Directory {
  readonly lines: readonly Line[]
  /** Where it is not empty, the directory must not be used. */
  readonly faults: readonly FileFault[]
  readonly domains: Set<string> = new Set()
  readonly accounts: Map<string, AccountEntry> = new Map()
  readonly aliases: Map<string, AliasEntry> = new Map()
  readonly #byId = new Map<string, AccountEntry>()

  constructor(text: string) {
    const faults: FileFault[] = []
    const lines = text.split('\n').map((content, index): Line => {
      try {
        return readLine(content)
      } catch (error) {
        if (!(error instanceof LineFault)) throw error
        faults.push({ line: index + 1, problem: error.message })
        return { text: content, entry: undefined }
      }
    })
    for (const { entry } of lines) if (entry?.kind === 'domain') this.domains.add(entry.name)
    const domainLines = new Set<string>()
    for (const [index, { entry }] of lines.entries()) {
      const problem = entry && this.#file(entry, domainLines)
      if (problem !== undefined) faults.push({ line: index + 1, problem })
    }
    this.lines = lines
    this.faults = faults.toSorted((a, b) => a.line - b.line)
  }

  /** Puts an entry where it will be found; answers what is wrong with it beside the others. */
  #file(entry: Entry, domainLines: Set<string>): string | undefined {
    const domain = domainOf(entry)
    if (entry.kind === 'domain') {
      if (domainLines.has(domain)) return `the domain ${domain} is there twice`
      domainLines.add(domain)
      return undefined
    }
    if (!this.domains.has(domain)) return `the domain ${domain} has no line "@${domain}"`
    const address = entry.kind === 'account' ? entry.account.address : entry.address
    const key = addressKey(address)
    if (this.accounts.has(key) || this.aliases.has(key)) return `${writeAddress(address)} is there twice`
    if (entry.kind === 'alias') {
      this.aliases.set(key, entry)
      return undefined
    }
    if (this.#byId.has(entry.account.id)) return `the id ${entry.account.id} is there twice`
    this.accounts.set(key, entry)
    this.#byId.set(entry.account.id, entry)
    return undefined
  }

  byId(id: string): AccountEntry | undefined {
    return this.#byId.get(id)
  }

  /** Exactly that name first, then without its detail, then the domain's catch-all. */
  resolve(address: Address, separator: string): Resolution {
    const domain = canonicalDomain(address.domain)
    if (domain === undefined || !this.domains.has(domain)) return { kind: 'foreign' }
    const whole = { localPart: address.localPart, domain }
    const split = splitDetail(whole, separator)
    return (
      this.#find(whole) ??
      (split && this.#find(split.address, split.detail)) ??
      this.#find({ localPart: '', domain }) ?? { kind: 'unknown' }
    )
  }

  #find(address: Address, detail?: string): Resolution | undefined {
    const key = addressKey(address)
    const entry = this.accounts.get(key)
    if (entry !== undefined) {
      return { kind: 'account', account: entry.account, ...(detail === undefined ? {} : { detail }) }
    }
    const alias = this.aliases.get(key)
    const via = address.localPart === '' ? 'catch-all' : 'alias'
    return alias && { kind: 'alias', addresses: alias.targets, via }
  }
}
