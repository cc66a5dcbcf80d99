import { randomBytes } from 'node:crypto'
import type { Clock } from 'mailwright'
import { maildirHostName } from 'mailwright/formats'

export interface NameSourceOptions {
  readonly clock: Clock
  readonly hostname: string
  readonly pid?: number
  /** 16 hexadecimal digits. */
  readonly random?: () => string
}

/** Makes names that nobody else makes, in the form `seconds.M<µs>P<pid>Q<counter>R<random>.host`. */
export type NameSource = () => string

const octetsAtOnce = 2048
const ownForm = /^\d{1,11}\.M\d{1,6}P\d+Q\d+R[0-9a-f]{16}\./

export function createNameSource(options: NameSourceOptions): NameSource {
  const { clock, pid = process.pid, random = createChance() } = options
  const host = maildirHostName(options.hostname)
  let lastMicroseconds = 0
  let counter = 0
  return () => {
    // Always later than the name before, so that the names of one process sort in their order.
    lastMicroseconds = Math.max(lastMicroseconds + 1, Math.floor(clock.now()) * 1000)
    const seconds = Math.floor(lastMicroseconds / 1e6)
    counter += 1
    return `${seconds}.M${lastMicroseconds % 1e6}P${pid}Q${counter}R${random()}.${host}`
  }
}

/** Chance in pieces of 8 octets: the system is asked for that of many names at once. */
function createChance(): () => string {
  let octets = Buffer.alloc(0)
  return () => {
    if (octets.length === 0) octets = randomBytes(octetsAtOnce)
    const text = octets.toString('hex', 0, 8)
    octets = octets.subarray(8)
    return text
  }
}

/** Whether a name was made here: then whoever made it has also told the hooks. */
export function isOwnName(base: string): boolean {
  return ownForm.test(base)
}
