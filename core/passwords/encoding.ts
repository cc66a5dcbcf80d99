// Node.js leaves out what is not of the alphabet, and reads on; a hash with such characters is no hash.

/** The octets of base64 with or without padding; undefined where it is anything but that. */
export function decodeBase64(text: string): Buffer | undefined {
  const octets = Buffer.from(text, 'base64')
  const padded = octets.toString('base64')
  return text === padded || text === padded.replace(/={1,2}$/, '') ? octets : undefined
}

/** The octets of hexadecimal digits, capitals or not; undefined where it is anything but that. */
export function decodeHex(text: string): Buffer | undefined {
  const octets = Buffer.from(text, 'hex')
  return octets.length * 2 === text.length ? octets : undefined
}
