import {
  cutHeader,
  defaultHeaderLimits,
  type Header,
  type HeaderLimits,
  readHeader,
} from './header-fields.ts'

export { HeaderField } from './header-field.ts'
export { defaultHeaderLimits, Header, type HeaderLimits } from './header-fields.ts'

const CR = 13
const LF = 10

/**
 * Reads the header at the start of `octets`, up to and including the empty line; without one all of it is header. Lines
 * end with CRLF or LF. Any octets give a header: lines that are no field are kept under an empty name.
 */
export function parseHeader(octets: Buffer, limits: Partial<HeaderLimits> = {}): Header {
  const { octets: maxOctets, fields: maxFields } = { ...defaultHeaderLimits, ...limits }
  const extent = headerExtent(octets)
  const header = readHeader(octets.toString('latin1', 0, Math.min(extent.size, maxOctets)), maxFields)
  return extent.size <= maxOctets ? header : cutHeader(header, extent)
}

/** Where the first empty line ends, found at memory speed, so that no more than the header is made a string. */
function headerExtent(octets: Buffer): { size: number; ended: boolean } {
  if (octets[0] === LF) return { size: 1, ended: true }
  if (octets[0] === CR && octets[1] === LF) return { size: 2, ended: true }
  const crlf = octets.indexOf('\n\r\n', 0, 'latin1')
  const lf = octets.subarray(0, crlf === -1 ? octets.length : crlf + 1).indexOf('\n\n', 0, 'latin1')
  if (lf !== -1) return { size: lf + 2, ended: true }
  return crlf === -1 ? { size: octets.length, ended: false } : { size: crlf + 3, ended: true }
}
