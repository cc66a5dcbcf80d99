import { type Account, type OptionReader, type SessionRole, sessionRoleOf, sessionRoles } from 'mailwright'
import { type AccountRecord, checkPersonName, type StoredAppPassword } from 'mailwright/accounts'
import { readAddress, readTime } from './data-values.ts'
import { attributeName, derivedId, idExpected, idForm } from './derived-id.ts'

/** Reads one account of a file of data. */
export function readAccountEntry(read: OptionReader): AccountRecord {
  const address = readAddress(read, 'address')
  const id = read.optionalString('id')
  if (id !== undefined && !idForm.test(id)) read.fault('id', idExpected)
  const name = readName(read)
  const quotaBytes = read.value('quota') === undefined ? undefined : read.size('quota')
  const deny = readRoles(read, 'deny')
  const attributes = readAttributes(read)
  const account: Account = {
    id: id ?? derivedId(address),
    address,
    ...(name === undefined ? {} : { name }),
    ...(quotaBytes === undefined ? {} : { quotaBytes }),
    ...(read.boolean('disabled', { default: false }) ? { disabled: true } : {}),
    ...(deny.length === 0 ? {} : { disabledProtocols: deny }),
    ...(attributes === undefined ? {} : { attributes }),
  }
  return {
    account,
    password: read.optionalString('password'),
    appPasswords: read.list('appPasswords', readAppPassword),
  }
}

function readName(read: OptionReader): string | undefined {
  const name = read.optionalString('name')
  try {
    return name === undefined || name === '' ? undefined : checkPersonName(name)
  } catch (error) {
    read.fault('name', error instanceof Error ? error.message : String(error))
    return undefined
  }
}

function readRoles(read: OptionReader, name: string): readonly SessionRole[] {
  return read.strings(name, { default: [] }).flatMap((text, index) => {
    const role = sessionRoleOf(text)
    if (role === undefined)
      read.fault(`${name}[${index}]`, `is no protocol (there are ${sessionRoles.join(', ')})`)
    return role ?? []
  })
}

function readAttributes(read: OptionReader): Readonly<Record<string, string>> | undefined {
  const value = read.value('attributes')
  if (value === undefined) return undefined
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [['', undefined]]
  const isFine = entries.every(([key, text]) => attributeName.test(String(key)) && typeof text === 'string')
  if (!isFine) read.fault('attributes', 'must be names of letters, digits, "-" and "_", each with a text')
  return isFine ? Object.fromEntries(entries) : undefined
}

function readAppPassword(read: OptionReader): StoredAppPassword {
  const scramKeys = read.optionalString('scram')
  return {
    ...(scramKeys === undefined ? {} : { scramKeys }),
    name: read.string('name'),
    hash: read.string('hash', {
      pattern: /^\{(?:SSHA256|CRAM-MD5)\}/,
      expected: 'a salted SHA-256 such as "{SSHA256}…", or "{CRAM-MD5}…"',
    }),
    roles: readRoles(read, 'for'),
    createdAt: readTime(read, 'created') ?? new Date(0),
  }
}
