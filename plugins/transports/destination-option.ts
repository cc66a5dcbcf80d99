import { isAbsolute } from 'node:path'
import { canonicalDomain, type OptionReader, parseAddressPattern } from 'mailwright'
import { type Destination, parseDestination } from './destination.ts'
import { type PipeInput, type PipeOptions, readPipe } from './pipe-options.ts'

/** Where the mail of one entry goes. */
export type DestinationInput =
  /** `local`, `discard`, `hold`, or as in transport(5): `smtp:[mail.example]:2525`, `lmtp:unix:/run/lmtp`, a program's name. */
  | string
  /** To a host by SMTP. */
  | { readonly to: 'smtp'; readonly host: string; readonly port?: number }
  /** To a server by LMTP, at a host (port 24) or a Unix socket. */
  | { readonly to: 'lmtp'; readonly host: string; readonly port?: number }
  | { readonly to: 'lmtp'; readonly socket: string }
  /** To a program of this entry alone. */
  | ({ readonly to: 'pipe' } & PipeInput)
  /** `error`: refused; the text may begin with an enhanced status code. `hold`: kept for the postmaster; `discard`: thrown away. */
  | { readonly to: 'error' | 'hold' | 'discard'; readonly text?: string }

const kinds = ['smtp', 'lmtp', 'pipe', 'error', 'hold', 'discard', 'local'] as const

/** Reads one entry of the option `map`; a program of its own is added to `pipes`. */
export function readDestination(
  read: OptionReader,
  key: string,
  pipes: Map<string, PipeOptions>,
): Destination | undefined {
  if (!isKey(key)) read.fault(key, 'is no key: an address, "user@", a domain, ".domain" or "*"')
  const value = read.value(key)
  if (typeof value !== 'string') return read.object(key, (one) => readObject(one, key, pipes))
  try {
    return parseDestination(value, key.replace(/^.*@/, '').replace(/^[.*]/, ''), pipes)
  } catch (error) {
    read.fault(key, `must be a transport: ${(error as Error).message}`)
    return undefined
  }
}

function isKey(key: string): boolean {
  // A colon would end the name of a program.
  if (key.includes(':')) return false
  if (key === '*') return true
  if (key.includes('@')) return !key.startsWith('@.') && parseAddressPattern(key) !== undefined
  return canonicalDomain(key.replace(/^\./, '')) !== undefined
}

function readObject(
  read: OptionReader,
  key: string,
  pipes: Map<string, PipeOptions>,
): Destination | undefined {
  const to = read.choice('to', kinds)
  switch (to) {
    case 'smtp':
      return { kind: 'smtp', nextHop: nextHopOf(read) }
    case 'lmtp':
      return readLmtp(read)
    case 'pipe':
      // No name of the option `pipes` holds a space.
      pipes.set(`pipe ${key}`, readPipe(read))
      return { kind: 'pipe', name: `pipe ${key}` }
    case 'local':
      return { kind: 'local' }
    default:
      return { kind: to, text: readText(read) }
  }
}

function readText(read: OptionReader): string {
  const text = read.optionalString('text') ?? ''
  if (/[\p{Cc}]/u.test(text)) read.fault('text', 'must not hold control characters')
  return text
}

function nextHopOf(read: OptionReader): string {
  const host = readHost(read)
  const port = read.value('port') === undefined ? undefined : read.port('port')
  const bracketed = host.includes(':') ? `[${host}]` : host
  return port === undefined ? bracketed : `${bracketed}:${port}`
}

function readLmtp(read: OptionReader): Destination | undefined {
  const socket = read.optionalString('socket')
  if (socket === undefined)
    return { kind: 'lmtp', host: readHost(read), port: read.port('port', { default: 24 }) }
  if (!isAbsolute(socket)) read.fault('socket', 'must be an absolute path')
  return { kind: 'lmtp', socket }
}

function readHost(read: OptionReader): string {
  return read.string('host', {
    pattern: /^(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|[0-9a-f:.]*:[0-9a-f:.]*)$/i,
    expected: 'the name or the IP address of a host',
  })
}
