import { type Reply, reply } from 'mailwright'

// RFC 5321 §3.8: behind a 421 the connection is closed. RFC 3463 §3.8: 4.7.1 is "delivery not authorized", for now.

/** The whole connection has to wait. */
export function connectionLimit(what: string, wait?: number): Reply {
  return reply(421, '4.7.0', `${what}; try again ${inWords(wait)}`)
}

/** One message or recipient has to wait. */
export function envelopeLimit(what: string, wait: number): Reply {
  return reply(450, '4.7.1', `${what}; try again ${inWords(wait)}`)
}

/** Rounded up: `in 40 seconds`, `in 3 minutes`. */
export function inWords(milliseconds: number | undefined): string {
  if (milliseconds === undefined) return 'later'
  const seconds = Math.max(1, Math.ceil(milliseconds / 1000))
  const [count, unit] =
    seconds < 120
      ? [seconds, 'second']
      : seconds < 7200
        ? [Math.ceil(seconds / 60), 'minute']
        : [Math.ceil(seconds / 3600), 'hour']
  return `in ${count} ${unit}${count === 1 ? '' : 's'}`
}
