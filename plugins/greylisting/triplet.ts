import { createHash } from 'node:crypto'
import { type Address, blockOf, caseless, type PrefixLengths } from 'mailwright'

/** Who sends to whom from where, as far as it stays the same when a message is tried again. */
export interface Triplet {
  /** A hash of the others, for they are too long for an index. */
  readonly id: string
  readonly network: string
  /** `<>` for the null sender. */
  readonly sender: string
  readonly recipient: string
}

/** RFC 6647 §2.4: client, sender and recipient. What is no IP address is its own network. */
export function tripletOf(
  client: string,
  sender: Address | null,
  recipient: Address,
  prefixes: PrefixLengths,
): Triplet {
  const parts = {
    network: blockOf(client, prefixes) ?? client,
    sender: sender === null ? '<>' : `${steadySender(sender.localPart)}@${sender.domain}`,
    recipient: `${caseless(recipient.localPart)}@${recipient.domain}`,
  }
  const id = createHash('sha256')
    .update(JSON.stringify(Object.values(parts)))
    .digest('hex')
  return { id, ...parts }
}

const batv = /^(?:prvs|msprvs1)=([^=]+)=(.+)$/
const batvTag = /^[0-9a-z]{10}/
const srs = /^srs0[-+=][^=]+=[^=]+=([^=]+)=(.+)$/
const srsTwice = /^srs1[-+=][^=]+=([^=]+)=[-+=][^=]+=[^=]+=([^=]+)=(.+)$/
const hexadecimal = /(?<![a-z0-9])(?=[a-f]*\d)[0-9a-f]{4,}(?![a-z0-9])/g

/**
 * A sender's local part without what is new in every message or at every attempt: the tags of BATV, the hash and time
 * of SRS, the detail behind a `+`, and the numbers that lists number their messages and recipients with (VERP).
 */
export function steadySender(localPart: string): string {
  const plain = caseless(localPart)
  const [, tag = '', owner = ''] = batv.exec(plain) ?? []
  // The order of the two parts is not the same everywhere.
  const untagged = owner === '' ? plain : batvTag.test(owner) && !batvTag.test(tag) ? tag : owner
  const once = untagged.replace(srsTwice, 'srs=$1=$2=$3').replace(srs, 'srs=$1=$2')
  return once
    .replace(/(?<=.)\+.*$/s, '')
    .replaceAll(hexadecimal, '#')
    .replaceAll(/\d+/g, '#')
}
