import { type Reply, reply } from 'mailwright'

// RFC 4954 §4: 454 is "temporary authentication failure"; RFC 5321 §3.8: behind a 421 the connection is closed.

/** What a client hears whose network is banned; `endsIn` in milliseconds, undefined for good. */
export function banned(endsIn: number | undefined, byPostmaster: boolean): Reply {
  const why = byPostmaster
    ? 'The postmaster takes nothing from your network'
    : 'Too many failed logins from your network'
  if (endsIn === undefined) return reply(554, '5.7.1', why)
  return reply(421, '4.7.0', `${why}; try again in ${duration(endsIn)}`)
}

/** A name is refused from one network. */
export function loginRefused(endsIn: number): Reply {
  const text = `Too many failed logins with this name from your network; try again in ${duration(endsIn)}`
  return reply(454, '4.7.0', text)
}

/** A name is protected, and enough strangers wait with it. */
export const loginProtected: Reply = reply(
  454,
  '4.7.0',
  'Too many failed logins with this name from everywhere; try again later, or from where you have logged in before',
)

/** In words, rounded up: `1 minute`, `3 hours`. */
export function duration(milliseconds: number): string {
  const minutes = Math.max(1, Math.ceil(milliseconds / 60_000))
  const [count, unit] =
    minutes < 120
      ? [minutes, 'minute']
      : minutes < 48 * 60
        ? [Math.ceil(minutes / 60), 'hour']
        : [Math.ceil(minutes / 1440), 'day']
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}
