import { demand } from './protocol-violation.ts'
import type { StatusResponse } from './response.ts'

/** In which status responses a code may stand: `* OK` is an untagged one. */
const places: Readonly<Record<string, readonly string[]>> = {
  // RFC 5464 §4.2.1, §4.3
  'METADATA LONGENTRIES': ['OK'],
  'METADATA MAXSIZE': ['NO'],
  'METADATA TOOMANY': ['NO'],
  'METADATA NOPRIVATE': ['NO'],
  // RFC 6154 §3
  USEATTR: ['NO'],
  // RFC 7889 §4
  TOOBIG: ['NO'],
  // RFC 9585 §4
  INPROGRESS: ['* OK'],
  // RFC 9586 §3
  UIDREQUIRED: ['BAD'],
  // RFC 9738 §3.1
  MESSAGELIMIT: ['OK', 'NO', '* NO'],
}

/** Demands that a response code stands where it is defined; with UIDONLY none tells a message number (RFC 9586 §3). */
export function demandPlaced({ tag, condition, code }: StatusResponse, uidOnly: boolean): void {
  if (code === undefined) return
  const name = code.name === 'METADATA' ? `METADATA ${code.text}` : code.name
  const place = tag === undefined ? `* ${condition}` : condition
  demand(places[name]?.includes(place) ?? true, `${name} in ${place}`)
  demand(name !== 'UNSEEN' || !uidOnly, 'UNSEEN tells a message number, and UIDONLY is enabled')
}
