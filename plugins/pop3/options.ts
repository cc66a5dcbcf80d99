import { readOptions } from 'mailwright'
import {
  type LoginListenerDefaults,
  type LoginListenerInput,
  type LoginListenerOptions,
  readLoginListener,
} from 'mailwright/network'

/** The options of a POP3 listener. */
export type Pop3Options = LoginListenerOptions

/** What a config may write: everything has a default. Durations are milliseconds, or texts such as `10m`. */
export type Pop3Input = LoginListenerInput

const defaults: LoginListenerDefaults = {
  port: 110,
  tlsPort: 995,
  maxConnections: 1_000,
  // Those that have the maildrop or want it.
  maxConnectionsPerUser: 10,
  maxConnectionsPerAddress: 100,
  // RFC 1939 §3: an autologout timer must be of at least 10 minutes' duration.
  idleTimeout: 600_000,
  loginTimeout: 180_000,
}

/** Reads the options; throws ConfigError with all faults. */
export function parseOptions(input: unknown): Pop3Options {
  const read = readOptions(input)
  return read.done(readLoginListener(read, defaults))
}
