/** What Dovecot makes a UIDL of. */
export interface DovecotUidlFacts {
  readonly uid: number
  readonly uidValidity: number
  /** The file's name without flags. */
  readonly base: string
  readonly guid: string
}

/** Dovecot's setting `pop3_uidl_format` where nobody changed it. */
export const defaultDovecotUidlFormat = '%08Xu%08Xv'

const variable = /%(?:0(\d{1,2}))?(X?)([uvfg])/g

/**
 * The UIDL of a message by a `pop3_uidl_format`: `%u` the UID, `%v` UIDVALIDITY, `%f` the file's base name, `%g` the
 * GUID; with `X` in hexadecimal, with a `0` and a width filled up with zeros. Undefined where the format has something
 * else, and for what is no UIDL.
 */
export function formatDovecotUidl(
  format: string,
  { uid, uidValidity, base, guid }: DovecotUidlFacts,
): string | undefined {
  const values: Readonly<Record<string, string | number>> = { u: uid, v: uidValidity, f: base, g: guid }
  if (format.replace(variable, '').includes('%')) return undefined
  const uidl = format.replace(variable, (_, width: string | undefined, hexadecimal: string, name: string) => {
    const value = values[name]
    const text = typeof value === 'number' && hexadecimal !== '' ? value.toString(16) : String(value)
    return text.padStart(Number(width ?? 0), '0')
  })
  return isPop3Uidl(uidl) ? uidl : undefined
}

/**
 * Whether a text can be a UIDL: printable and without spaces (RFC 1939 §7). The length is what the other server dared to
 * say.
 */
export function isPop3Uidl(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text)
}
