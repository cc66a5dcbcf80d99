import { inspect } from 'node:util'

/**
 * Every error that Mailwright raises on purpose has one of these codes. Tests and programs compare codes, never texts.
 * docs/errors.md lists the same codes; a test keeps the two equal.
 */
export const errorCodes = {
  MAIL_E_CONFIG: 'The config has faults; every fault is listed with its path.',
  MAIL_E_CONFIG_NOT_FOUND: 'No config file was found where it was looked for.',
  MAIL_E_CONFIG_LOAD: 'The config file could not be read or threw an error while it was loaded.',
  MAIL_E_SETUP: 'A plugin threw in its setup.',
  MAIL_E_START: 'A plugin could not be started; the plugins started before it were stopped again.',
  MAIL_E_STOP: 'One or more plugins could not be stopped cleanly.',
  MAIL_E_TIMEOUT: 'A plugin did not finish a step in its time; plugin and step are named.',
  MAIL_E_HOOK: 'A tap was refused: a duplicate name, an unknown `before` or `after`, or a tap after setup.',
  MAIL_E_SERVICE: 'A service was used that no plugin provides or that was not declared.',
  MAIL_E_UNAVAILABLE:
    'Something that is needed cannot answer now (database, disk, network); trying later may help.',
  MAIL_E_INVALID: 'A value is not valid; the text says which and why.',
  MAIL_E_NOT_FOUND: 'The named thing does not exist.',
  MAIL_E_EXISTS: 'A thing of that name exists already.',
  MAIL_E_IN_USE: 'The thing is in use by another session or process.',
  MAIL_E_OVER_QUOTA: 'The change would exceed a quota.',
  MAIL_E_UNSUPPORTED: 'The provider of this service cannot do that; its `supports` says so.',
  MAIL_E_PERMISSION: 'The account has no right to do that.',
} as const

export type ErrorCode = keyof typeof errorCodes

export interface MailwrightErrorOptions {
  /** The error that led to this one. It is logged, never shown to a client. */
  cause?: unknown
}

/** An error with a stable code. The message is for the postmaster's eyes and may be logged. */
export class MailwrightError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options: MailwrightErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'MailwrightError'
    this.code = code
  }
}

/** Something that is needed cannot answer now. Protocols answer 451, `[SYS/TEMP]` or `[UNAVAILABLE]`. */
export class UnavailableError extends MailwrightError {
  constructor(message: string, options: MailwrightErrorOptions = {}) {
    super('MAIL_E_UNAVAILABLE', message, options)
    this.name = 'UnavailableError'
  }
}

/** One fault of a config: where it is, what is wrong, and what may have been meant. */
export interface ConfigFault {
  /** Such as `plugins[2] (maildir).root`. */
  readonly path: string
  /** Such as `must be an absolute path`. */
  readonly problem: string
  /** Such as `did you mean "root"?`. */
  readonly suggestion?: string
}

/** All faults of a config together. Thrown by `parseOptions` (with paths relative to the options) and by the host. */
export class ConfigError extends MailwrightError {
  readonly faults: readonly ConfigFault[]

  constructor(faults: readonly ConfigFault[])
  constructor(path: string, problem: string, suggestion?: string)
  constructor(first: string | readonly ConfigFault[], problem = '', suggestion?: string) {
    const faults =
      typeof first === 'string'
        ? [{ path: first, problem, ...(suggestion === undefined ? {} : { suggestion }) }]
        : first
    super('MAIL_E_CONFIG', faults.map(formatFault).join('\n'))
    this.name = 'ConfigError'
    this.faults = faults
  }
}

/** One line: `path: problem (suggestion)`. */
export function formatFault(fault: ConfigFault): string {
  const tail = fault.suggestion === undefined ? '' : ` (${fault.suggestion})`
  return fault.path === '' ? `${fault.problem}${tail}` : `${fault.path}: ${fault.problem}${tail}`
}

/** The code of an error where it has one of ours. */
export function errorCode(error: unknown): ErrorCode | undefined {
  return error instanceof MailwrightError ? error.code : undefined
}

const lineBreaks = /[\r\n\u2028\u2029]+[ \t]*/g
// A statement with its data may be in an error's text.
const longestText = 2_000

/** A one-line text of anything thrown, with its causes, for logs. Never throws itself. */
export function errorText(error: unknown): string {
  try {
    const text = causes(error).join(': ')
    const cut = text.length <= longestText ? text : `${text.slice(0, longestText)}…`
    return cut.replaceAll(lineBreaks, ' / ')
  } catch {
    return 'something was thrown that cannot be shown'
  }
}

function causes(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [thrownText(error)]
  const texts: string[] = []
  for (let current: unknown = error; current !== undefined && current !== null && texts.length < 5; ) {
    texts.push(current instanceof Error ? String(current.message || current.name) : thrownText(current))
    current = current instanceof Error ? current.cause : undefined
  }
  return texts
}

/** What is thrown and is no error, in one line; nobody's texts and lists are longer than is read. */
function thrownText(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  return inspect(value, {
    breakLength: Number.POSITIVE_INFINITY,
    depth: 1,
    maxArrayLength: 10,
    maxStringLength: 200,
  })
}
