/** One value in DER (ITU-T X.690): what kind it is, its content, and itself. */
export interface DerValue {
  readonly tag: number
  readonly content: Buffer
  readonly whole: Buffer
}

/** The tags of the types that certificates are made of. */
export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const

/** A value of a kind with a content in parts. */
export function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content])
}

function lengthOf(octets: number): Buffer {
  if (octets < 0x80) return Buffer.from([octets])
  const hex = octets.toString(16)
  const digits = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  return Buffer.concat([Buffer.from([0x80 | digits.length]), digits])
}

export function sequence(...parts: readonly Buffer[]): Buffer {
  return der(tags.sequence, ...parts)
}

/** A number that is not negative: its first bit would be the sign. */
export function integer(octets: Buffer): Buffer {
  const sign = (octets[0] ?? 0) < 0x80 ? [] : [Buffer.from([0])]
  return der(tags.integer, ...sign, octets)
}

/** All bits of some octets. */
export function bitString(octets: Buffer): Buffer {
  return der(tags.bitString, Buffer.from([0]), octets)
}

/** An object identifier, such as `2.5.29.17`. */
export function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number)
  return der(tags.oid, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}

function base128(number: number): readonly number[] {
  const digits = [number & 0x7f]
  for (let left = number >> 7; left > 0; left >>= 7) digits.unshift((left & 0x7f) | 0x80)
  return digits
}

/** The values side by side in some octets. Throws RangeError for what is no DER. */
export function derValues(octets: Buffer): readonly DerValue[] {
  const values: DerValue[] = []
  for (let at = 0; at < octets.length; ) {
    const value = derValue(octets.subarray(at))
    values.push(value)
    at += value.whole.length
  }
  return values
}

function derValue(octets: Buffer): DerValue {
  const [tag = 0, first = 0] = octets
  // No certificate has more octets than four digits can say.
  const digits = first < 0x80 ? 0 : first & 0x7f
  if (octets.length < 2 + digits || digits > 4) throw new RangeError('no DER')
  const length = digits === 0 ? first & 0x7f : octets.readUIntBE(2, digits)
  const whole = octets.subarray(0, 2 + digits + length)
  if (whole.length < 2 + digits + length) throw new RangeError('no DER')
  return { tag, content: whole.subarray(2 + digits), whole }
}
