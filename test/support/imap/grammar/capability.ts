import type { Cursor } from './cursor.ts'
import { atom, spaced } from './lexis.ts'

/** `*(SP capability)`, in upper case, with IMAP4rev1 or IMAP4rev2 among them and none twice. */
export function capabilities(cursor: Cursor): readonly string[] {
  const start = cursor.position
  const names = spaced(cursor, capability)
  if (!names.includes('IMAP4REV1') && !names.includes('IMAP4REV2'))
    cursor.fail('capabilities without IMAP4rev1 and IMAP4rev2', start)
  if (new Set(names).size !== names.length) cursor.fail('a capability comes twice', start)
  return names
}

/** capability */
export function capability(cursor: Cursor): string {
  const start = cursor.position
  const name = atom(cursor).toUpperCase()
  const [, kind = '', value = ''] = /^([^=]*)=(.*)$/.exec(name) ?? []
  const known = valued[kind]
  if (known !== undefined && !known.test(value)) cursor.fail(`not a value of ${kind}`, start)
  return name
}

// What has a value of a certain form: RFC 4314 §2.2, RFC 4978 §4, RFC 5255 §4.1, RFC 5256 §4, RFC 5267 §5, RFC 6855 §3,
// RFC 7889 §5, RFC 8437, RFC 8438 §2, RFC 9208 §7, RFC 9738 §5.
const valued: Readonly<Record<string, RegExp>> = {
  AUTH: /^[A-Z0-9_-]{1,20}$/,
  RIGHTS: /^[A-Z0-9]+$/,
  COMPRESS: /^DEFLATE$/,
  I18NLEVEL: /^[12]$/,
  THREAD: /^[A-Z]+$/,
  SORT: /^DISPLAY$/,
  CONTEXT: /^(SEARCH|SORT)$/,
  UTF8: /^(ACCEPT|ONLY)$/,
  APPENDLIMIT: /^\d+$/,
  STATUS: /^SIZE$/,
  SEARCH: /^FUZZY$/,
  QUOTA: /^RES-[A-Z0-9-]+$/,
  MESSAGELIMIT: /^[1-9]\d*$/,
  SAVELIMIT: /^[1-9]\d*$/,
}
