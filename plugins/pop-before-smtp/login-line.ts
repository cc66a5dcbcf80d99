import type { LogInput } from './options.ts'

/** A login that another server's log tells of. */
export interface LoggedLogin {
  readonly login: string
  /** The client's IP address. */
  readonly address: string
  /** Whether the line says that it was under TLS. */
  readonly tls: boolean
}

// How syslog and the servers themselves begin a line.
const time =
  '(?:[A-Z][a-z]{2} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d|\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)?(?:Z|[+-]\\d\\d:?\\d\\d)?)'
const host = '[\\w.:-]+'
// A name with any of these could pass for the rest of the line: users choose their names, and guessers write anything.
const user = '(?<login>[^\\s\\p{Cc}<>,[\\]]{1,320})'
const ip = (name: string): string => `(?<${name}>[0-9A-Fa-f.:]{2,45})`

/**
 * The whole line, from its first character to its last. Dovecot: with `login_log_format_elements` as they are. Courier:
 * its programs behind a TLS listener are called `imapd-ssl` and `pop3d-ssl`.
 */
const forms: Readonly<Record<LogInput['format'], RegExp>> = {
  dovecot: new RegExp(
    `^${time} (?:${host} dovecot(?:\\[\\d+\\])?: )?(?:imap|pop3)-login: (?:Info: )?Log(?:in|ged in): user=<${user}>, ` +
      `method=[\\w-]+, rip=${ip('address')}, lip=${ip('local')}(?:, mpid=\\d+)?(?:, (?:(?<tls>TLS)|secured))?` +
      '(?:, session=<[\\w+/=]+>)?$',
    'u',
  ),
  courier: new RegExp(
    `^${time} ${host} (?:imapd|pop3d)(?<tls>-ssl)?(?:\\[\\d+\\])?: (?:INFO: )?LOGIN, user=${user}, ip=\\[${ip('address')}\\]` +
      '(?:, port=\\[\\d+\\])?(?:, protocol=[\\w]+)?$',
    'u',
  ),
}

/** What a line says of a login that succeeded; undefined where it says anything else, or might say it in two ways. */
export function readLoginLine(format: LogInput['format'], line: string): LoggedLogin | undefined {
  const { login, address, tls } = forms[format].exec(line)?.groups ?? {}
  if (login === undefined || address === undefined) return undefined
  return { login, address, tls: tls !== undefined }
}
