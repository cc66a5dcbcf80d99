const encodedOctet = /%[0-9A-Fa-f]{2}/g

/** The octets that a percent-encoded text stands for (RFC 3986 §2.1). What is no encoding stays as it is. */
export function percentDecoded(text: string): Buffer {
  const decoded = text.replace(encodedOctet, (code) =>
    String.fromCharCode(Number.parseInt(code.slice(1), 16)),
  )
  return Buffer.from(decoded, 'latin1')
}
