import { readOptions } from 'mailwright'
import {
  type LoginListenerDefaults,
  type LoginListenerInput,
  type LoginListenerOptions,
  readLoginListener,
} from 'mailwright/network'

/** The options of an IMAP listener. */
export interface ImapOptions extends LoginListenerOptions {
  /** Octets of a message that APPEND takes. Default 64 MiB. */
  readonly maxMessageSize: number
  /** Octets of one command with all its literals, but for messages. Default 64 KiB. */
  readonly maxCommandSize: number
  /** Messages that one command works on (RFC 9738); 0 is no limit. Default 0. */
  readonly maxMessagesPerCommand: number
  /**
   * Messages that one COPY or APPEND takes, where `maxMessagesPerCommand` sets no limit for all commands (RFC 9738); 0 is no
   * limit. Default 0.
   */
  readonly maxMessagesPerSave: number
  /**
   * Takes messages with 8-bit octets in their header also from clients that have not enabled UTF-8. RFC 6855 §4 wants them
   * refused; but then clients that synchronise a mailbox could not store the mail that they have. Default true.
   */
  readonly acceptRawHeaders: boolean
  /**
   * Lets clients log out and another account log in on the same connection: UNAUTHENTICATE. RFC 8437 §8 wants it to be possible
   * to say no, for proxies that look at the first login only. Default true.
   */
  readonly unauthenticate: boolean
  /** Octets of memory for what lists, searches and sorting want of messages, for all sessions together. Default 256 MiB. */
  readonly cacheSize: number
}

/** What a config may write: everything has a default. Durations are milliseconds, or texts such as `30m`; sizes octets, or texts such as `64M`. */
export interface ImapInput extends LoginListenerInput {
  readonly maxMessageSize?: number | string
  readonly maxCommandSize?: number | string
  readonly maxMessagesPerCommand?: number
  readonly maxMessagesPerSave?: number
  readonly acceptRawHeaders?: boolean
  readonly unauthenticate?: boolean
  readonly cacheSize?: number | string
}

const defaults: LoginListenerDefaults = {
  port: 143,
  tlsPort: 993,
  maxConnections: 10_000,
  maxConnectionsPerUser: 100,
  maxConnectionsPerAddress: 1_000,
  // RFC 9051 §5.4: an autologout timer must be of at least 30 minutes' duration.
  idleTimeout: 1_800_000,
  loginTimeout: 60_000,
}

/** Reads the options; throws ConfigError with all faults. */
export function parseOptions(input: unknown): ImapOptions {
  const read = readOptions(input)
  return read.done({
    ...readLoginListener(read, defaults),
    maxMessageSize: read.size('maxMessageSize', { default: '64M', min: 1_024 }),
    maxCommandSize: read.size('maxCommandSize', { default: '64K', min: 8_192, max: 16_777_216 }),
    maxMessagesPerCommand: read.integer('maxMessagesPerCommand', { default: 0, min: 0 }),
    maxMessagesPerSave: read.integer('maxMessagesPerSave', { default: 0, min: 0 }),
    acceptRawHeaders: read.boolean('acceptRawHeaders', { default: true }),
    unauthenticate: read.boolean('unauthenticate', { default: true }),
    cacheSize: read.size('cacheSize', { default: '256M', min: 1_048_576 }),
  })
}
