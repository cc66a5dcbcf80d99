import { canonicalDomain, type OptionReader, readOptions } from 'mailwright'

/** A private key and its certificate chain, in two PEM files. */
export interface KeyFiles {
  /** Server names it is for; a first label of `*` stands for any. The names in the certificate where absent. */
  readonly names: readonly string[] | undefined
  /** Absolute path of the private key. */
  readonly key: string
  /** Absolute path of the certificate, followed by those that lead to its issuer. */
  readonly chain: string
}

/** The options of the certificates plugin. */
export interface CertificatesOptions {
  /** The first pair is also for clients that name no server, or an unknown one. Self-signed where there are none. */
  readonly files: readonly KeyFiles[]
}

/** What a config may write. */
export interface CertificatesInput {
  readonly files?: readonly {
    readonly names?: readonly string[]
    readonly key: string
    readonly chain: string
  }[]
}

/** Reads and checks the options. Throws ConfigError with all faults. */
export function parseOptions(input: unknown): CertificatesOptions {
  const read = readOptions(input)
  return read.done({ files: read.list('files', readFiles) })
}

function readFiles(read: OptionReader): KeyFiles {
  const names =
    read.value('names') === undefined
      ? undefined
      : read.strings('names').map((name) => canonicalName(read, name))
  return { names, key: readPath(read, 'key'), chain: readPath(read, 'chain') }
}

function canonicalName(read: OptionReader, name: string): string {
  const wildcard = name.startsWith('*.')
  const canonical = canonicalDomain(wildcard ? name.slice(2) : name)
  if (canonical !== undefined && !canonical.startsWith('[')) return wildcard ? `*.${canonical}` : canonical
  read.fault('names', `${JSON.stringify(name.slice(0, 60))} is not a host name`)
  return name
}

function readPath(read: OptionReader, name: 'key' | 'chain'): string {
  if (read.value(name) === undefined)
    read.fault(name, 'is missing; it must be the absolute path of a PEM file')
  return read.absolutePath(name) ?? ''
}
