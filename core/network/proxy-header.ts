import { isIPv4, isIPv6 } from 'node:net'
import { addressText, canonicalAddress } from '../model/network.ts'
import { crc32c } from './crc32c.ts'
import type { Endpoints } from './endpoints.ts'

/** What has come of a PROXY header. */
export type ProxyHeader =
  /** Not all of it; nothing can be said before there are so many octets. */
  | { readonly kind: 'more'; readonly atLeast: number }
  /** All of it, so many octets. Without ends the connection's own hold: a health check, or a client without an IP address. */
  | { readonly kind: 'header'; readonly length: number; readonly ends: Endpoints | undefined }
  | { readonly kind: 'fault'; readonly problem: string }

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const prefix = Buffer.from('PROXY ')
/** Octets of the longest header of version 1, CRLF included. */
const maxLine = 107
/** Octets in front of the addresses of version 2: signature, version and command, family, length. */
const fixedPart = 16
/** Octets of the longest header of version 2 that is taken: TLVs with a client's certificate fit. */
const maxBinary = 4096
const crcType = 0x03

/**
 * Reads the header that a proxy puts in front of a connection, version 1 or 2 of HAProxy's PROXY protocol, from all octets
 * that have come so far. Anything that is no such header is a fault as early as it can be known.
 */
export function parseProxyHeader(octets: Buffer): ProxyHeader {
  if (startsAs(octets, prefix)) return parseLine(octets)
  if (startsAs(octets, signature)) return parseBinary(octets)
  return fault('no PROXY header')
}

/** As far as both go. */
function startsAs(octets: Buffer, start: Buffer): boolean {
  const length = Math.min(octets.length, start.length)
  return octets.subarray(0, length).equals(start.subarray(0, length))
}

function parseLine(octets: Buffer): ProxyHeader {
  const end = octets.subarray(0, maxLine).indexOf('\r\n')
  if (end === -1 && octets.length < maxLine) return { kind: 'more', atLeast: octets.length + 1 }
  if (end === -1) return fault('a PROXY line of more than 107 octets')
  const [, family, ...words] = octets.toString('latin1', 0, end).split(' ')
  const length = end + 2
  if (family === 'UNKNOWN') return { kind: 'header', length, ends: undefined }
  const isAddress = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isPlainIPv6 : undefined
  if (isAddress === undefined) return fault('a PROXY line with an unknown protocol')
  const [source = '', destination = '', sourcePort = '', destinationPort = '', ...more] = words
  const isWhole = isAddress(source) && isAddress(destination) && isPort(sourcePort) && isPort(destinationPort)
  if (!isWhole || more.length > 0) return fault('a malformed PROXY line')
  return {
    kind: 'header',
    length,
    ends: {
      remote: { address: canonicalAddress(source) ?? source, port: Number(sourcePort) },
      local: { address: canonicalAddress(destination) ?? destination, port: Number(destinationPort) },
    },
  }
}

function isPlainIPv6(text: string): boolean {
  return isIPv6(text) && !text.includes('%')
}

function isPort(text: string): boolean {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535
}

// The families and protocols that there are: unspecified, IPv4, IPv6 and Unix, as streams and as datagrams.
const addressOctets: ReadonlyMap<number, number> = new Map([
  [0x00, 0],
  [0x11, 4],
  [0x12, 4],
  [0x21, 16],
  [0x22, 16],
  [0x31, 108],
  [0x32, 108],
])
const streamsOverIp: readonly number[] = [0x11, 0x21]

function parseBinary(octets: Buffer): ProxyHeader {
  if (octets.length < fixedPart) return { kind: 'more', atLeast: fixedPart }
  const command = octets.readUInt8(12)
  const family = octets.readUInt8(13)
  const length = fixedPart + octets.readUInt16BE(14)
  if (command !== 0x20 && command !== 0x21) return fault('a PROXY header of an unknown version or command')
  if (length > maxBinary) return fault('a PROXY header of more than 4096 octets')
  if (octets.length < length) return { kind: 'more', atLeast: length }
  const header = octets.subarray(0, length)
  const size = addressOctets.get(family)
  // A proxy that speaks for itself: whatever else it says has no meaning.
  if (command === 0x20) return { kind: 'header', length, ends: undefined }
  if (size === undefined) return fault('a PROXY header with an unknown family')
  const ports = size === 4 || size === 16 ? 2 : 0
  const addressesEnd = fixedPart + 2 * (size + ports)
  if (addressesEnd > length) return fault('a PROXY header that is too short for its addresses')
  const problem = extensionProblem(header, addressesEnd)
  if (problem !== undefined) return fault(problem)
  return {
    kind: 'header',
    length,
    ends: streamsOverIp.includes(family) ? binaryEnds(header, size) : undefined,
  }
}

function binaryEnds(header: Buffer, size: number): Endpoints {
  const address = (at: number) => addressText(header.subarray(at, at + size))
  const ports = fixedPart + 2 * size
  return {
    remote: { address: address(fixedPart), port: header.readUInt16BE(ports) },
    local: { address: address(fixedPart + size), port: header.readUInt16BE(ports + 2) },
  }
}

/** Extensions (TLVs) are passed over, but for the checksum of the whole header: it is reckoned with zeros in its own place. */
function extensionProblem(header: Buffer, start: number): string | undefined {
  let at = start
  while (at + 3 <= header.length) {
    const end = at + 3 + header.readUInt16BE(at + 1)
    if (end > header.length) break
    if (header[at] === crcType && !isChecksum(header, at + 3, end))
      return 'a PROXY header with a wrong checksum'
    at = end
  }
  return at === header.length ? undefined : 'a PROXY header with malformed extensions'
}

function isChecksum(header: Buffer, start: number, end: number): boolean {
  if (end - start !== 4) return false
  const zeroed = Buffer.from(header)
  zeroed.fill(0, start, end)
  return crc32c(zeroed) === header.readUInt32BE(start)
}

function fault(problem: string): ProxyHeader {
  return { kind: 'fault', problem }
}
