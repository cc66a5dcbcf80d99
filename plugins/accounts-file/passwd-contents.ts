import {
  type Account,
  type Address,
  addressKey,
  canonicalDomain,
  type Domain,
  type Resolution,
} from 'mailwright'
import { type AccountRecord, splitDetail } from 'mailwright/accounts'
import type { FileContents, FileFault, FileFormat } from './contents.ts'
import { type AccountEntry, type AliasEntry, domainOf, type Entry, LineFault, writeAddress } from './entry.ts'
import { type Line, readLine } from './line.ts'
import { withoutMark } from './text-form.ts'

/** The lines of a passwd-like file, and everything that they say. */
export class PasswdContents implements FileContents {
  readonly text: string
  readonly lines: readonly Line[]
  readonly faults: readonly FileFault[]
  readonly domains: Set<string> = new Set()
  readonly accounts: Map<string, AccountEntry> = new Map()
  readonly aliases: Map<string, AliasEntry> = new Map()
  readonly #byId = new Map<string, AccountEntry>()

  constructor(text: string) {
    this.text = text
    const faults: { line: number; problem: string }[] = []
    const lines = withoutMark(text)
      .split('\n')
      .map((content, index): Line => {
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
    this.faults = faults
      .toSorted((a, b) => a.line - b.line)
      .map(({ line, problem }) => ({ where: `line ${line}`, problem }))
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

  get isEmpty(): boolean {
    return this.domains.size === 0
  }

  domain(name: string): Domain | undefined {
    const canonical = canonicalDomain(name)
    return canonical !== undefined && this.domains.has(canonical) ? { name: canonical } : undefined
  }

  byId(id: string): Account | undefined {
    return this.#byId.get(id)?.account
  }

  record(address: Address): AccountRecord | undefined {
    const entry = this.accounts.get(addressKey(address))
    return entry && { account: entry.account, password: entry.password, appPasswords: [] }
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

/** Lines: `@domain`, `address:hash:key=value:…`, `alias => address, address`. */
export const passwdFormat: FileFormat<PasswdContents> = {
  read: (text) => new PasswdContents(text),
  empty:
    '# Accounts of Mailwright. Lines: "@domain", "address:hash:key=value:…", "alias => address, address".\n',
  supports: {
    administration: true,
    aliases: true,
    catchAll: true,
    persistent: true,
    accountSettings: true,
    hashes: true,
  },
}
