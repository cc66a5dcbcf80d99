import { readFile } from 'node:fs/promises'
import { type OptionReader, UnavailableError } from 'mailwright'
import type { OwnCertificateText } from 'mailwright/network'
import type { TlsRequirement } from './requirement.ts'

/** The certificate that we show to some hosts: absolute paths of PEM files, read at each connection. */
export interface OwnCertificateInput {
  /** The certificate, with those that lead from it to its authority behind it. */
  readonly cert: string
  readonly key: string
}

/** The same, checked. */
export type OwnCertificate = OwnCertificateInput

/** Reads the option; undefined where it is absent. */
export function readOwnCertificate(read: OptionReader, name: string): OwnCertificate | undefined {
  return read.object(name, (reader) => ({
    cert: readPath(reader, 'cert'),
    key: readPath(reader, 'key'),
  }))
}

function readPath(read: OptionReader, name: string): string {
  const path = read.absolutePath(name)
  if (path === undefined && read.value(name) === undefined)
    read.fault(name, 'is missing; it must be the absolute path of a PEM file')
  return path ?? ''
}

/** The files as they are now, so that a certificate that is renewed needs no restart. MAIL_E_UNAVAILABLE where one cannot be read. */
export async function loadOwnCertificate({ cert, key }: OwnCertificate): Promise<OwnCertificateText> {
  const [certText, keyText] = await Promise.all([cert, key].map(readText))
  return { cert: certText ?? '', key: keyText ?? '' }
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause) => {
    throw new UnavailableError(`the file ${path} cannot be read`, { cause })
  })
}

/** Who is to know us by a certificate would refuse in clear what it takes from us under TLS: there is no going without. */
export function forCertificate(requirement: TlsRequirement): TlsRequirement {
  const { level } = requirement
  return level === 'none' || level === 'may'
    ? { ...requirement, level: 'encrypt', source: 'config' }
    : requirement
}
