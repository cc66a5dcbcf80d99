import {
  type Account,
  type Address,
  didYouMean,
  MailwrightError,
  sessionRoleOf,
  sessionRoles,
} from 'mailwright'
import { checkPersonName, checkQuota } from 'mailwright/accounts'
import { attributeName, derivedId, idExpected, idForm } from './derived-id.ts'
import { type AccountEntry, LineFault, writeAddress } from './entry.ts'

const keys = ['id', 'name', 'quota', 'deny', 'disabled']
const attributePrefix = 'attribute.'
const quotaForm = /^(\d{1,16})([kmgt]?)$/i
const quotaUnits: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 }

/** Reads what stands behind an account's address: `password:key=value:…`. Throws LineFault. */
export function readAccount(address: Address, text: string): AccountEntry {
  if (address.localPart === '') throw new LineFault('an account needs a local part before the @')
  const [first = '', ...fields] = splitFields(text)
  const password = first.trim()
  const values = readFields(fields)
  const attributes = [...values].flatMap(([key, value]) =>
    key.startsWith(attributePrefix) ? [[key.slice(attributePrefix.length), value] as const] : [],
  )
  const name = values.get('name')
  const quota = values.get('quota')
  const denied = values.get('deny')
  const account: Account = {
    id: values.get('id') ?? derivedId(address),
    address,
    ...(name === undefined ? {} : { name: checked(() => checkPersonName(name)) ?? name }),
    ...(quota === undefined ? {} : { quotaBytes: readQuota(quota) }),
    ...(values.has('disabled') ? { disabled: true } : {}),
    ...(denied === undefined ? {} : { disabledProtocols: readProtocols(denied) }),
    ...(attributes.length === 0 ? {} : { attributes: Object.fromEntries(attributes) }),
  }
  return {
    kind: 'account',
    account,
    hasOwnId: values.has('id'),
    password: password === '' ? undefined : password,
  }
}

/** The line of an account. */
export function writeAccount({ account, hasOwnId, password }: AccountEntry): string {
  const fields = [password ?? '']
  if (hasOwnId) fields.push(`id=${account.id}`)
  if (account.name !== undefined) fields.push(`name=${account.name}`)
  if (account.quotaBytes !== undefined) fields.push(`quota=${account.quotaBytes}`)
  if (account.disabledProtocols !== undefined) fields.push(`deny=${account.disabledProtocols.join(',')}`)
  if (account.disabled) fields.push('disabled')
  for (const [key, value] of Object.entries(account.attributes ?? {}))
    fields.push(`${attributePrefix}${key}=${value}`)
  return [writeAddress(account.address), ...fields.map((field) => field.replace(/[\\:]/g, '\\$&'))].join(':')
}

/** Splits at colons; `\:` is a colon and `\\` a backslash. */
function splitFields(text: string): string[] {
  const fields = ['']
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at)
    if (character === ':') {
      fields.push('')
      continue
    }
    if (character === '\\' && !/[\\:]/.test(text.charAt(++at))) {
      throw new LineFault('a backslash stands only before a colon or another backslash')
    }
    fields.push((fields.pop() ?? '') + text.charAt(at))
  }
  return fields
}

function readFields(fields: readonly string[]): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  for (const field of fields) {
    if (field.trim() === '') continue
    const [key, value] = readField(field)
    if (values.has(key)) throw new LineFault(`"${key}" is there twice`)
    values.set(key, value)
  }
  return values
}

function readField(field: string): [key: string, value: string] {
  const equals = field.indexOf('=')
  const key = (equals < 0 ? field : field.slice(0, equals)).trim()
  const isAttribute = key.startsWith(attributePrefix) && attributeName.test(key.slice(attributePrefix.length))
  if (!isAttribute && !keys.includes(key)) {
    const suggestion = didYouMean(key, keys)
    const tail = suggestion === undefined ? '' : ` (${suggestion})`
    throw new LineFault(`${JSON.stringify(key.slice(0, 60))} is no field of an account${tail}`)
  }
  const exact = equals < 0 ? '' : field.slice(equals + 1)
  const value = isAttribute || key === 'name' ? exact : exact.trim()
  if ((key === 'disabled') !== equals < 0) {
    throw new LineFault(key === 'disabled' ? '"disabled" has no value' : `"${key}" needs a value: ${key}=…`)
  }
  if (key === 'id' && !idForm.test(value)) {
    throw new LineFault(idExpected)
  }
  return [key, value]
}

function readQuota(text: string): number {
  const match = quotaForm.exec(text)
  const octets =
    match === null ? Number.NaN : Number(match[1]) * (quotaUnits[(match[2] ?? '').toLowerCase()] ?? 1)
  checked(() => checkQuota(octets))
  return octets
}

function readProtocols(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim())
  for (const name of names) {
    if (sessionRoleOf(name) !== undefined) continue
    const suggestion = didYouMean(name, sessionRoles)
    const tail = suggestion === undefined ? ` (there are ${sessionRoles.join(', ')})` : ` (${suggestion})`
    throw new LineFault(`${JSON.stringify(name.slice(0, 60))} is no protocol to deny${tail}`)
  }
  return names
}

function checked<T>(check: () => T): T {
  try {
    return check()
  } catch (error) {
    throw error instanceof MailwrightError ? new LineFault(error.message) : error
  }
}
