import { randomBytes } from 'node:crypto'
import { MailwrightError } from '../errors.ts'

// A message in a drop folder: a line of fixed length, the envelope as one line of JSON, and the message as the program wrote it. The
// command `sendmail` writes such files, the plugin `pickup` reads them; nothing else is loaded for that.

/** What is said of a message beside its text. Whoever owns the file has said it: nothing of it is to be believed. */
export interface DropEnvelope {
  /** An address, a name without a domain, or empty for the null reverse-path. */
  readonly sender: string
  /** Addresses, or names without a domain, as they were written. */
  readonly recipients: readonly string[]
  /** The sender's name, for a From field that is missing. */
  readonly fullName?: string
  /** BODY (RFC 6152). */
  readonly body?: '7BIT' | '8BITMIME'
  /** RET (RFC 3461 §4.3). */
  readonly ret?: 'FULL' | 'HDRS'
  /** ENVID (RFC 3461 §4.4), not encoded. */
  readonly envelopeId?: string
  /** NOTIFY (RFC 3461 §4.1), for all recipients. */
  readonly notify?: readonly DropNotify[]
}

export type DropNotify = 'NEVER' | 'SUCCESS' | 'FAILURE' | 'DELAY'

/** What the first line says, in octets. */
export interface DropLengths {
  readonly envelope: number
  readonly content: number
}

const mark = 'mailwright-drop 1'
const headForm = /^mailwright-drop 1 (\d{8}) (\d{14})\n$/

/** Octets of the first line. */
export const dropHeadSize: number = Buffer.byteLength(formatDropHead({ envelope: 0, content: 0 }))

/** Octets of an envelope at most: some hundred thousand recipients. */
export const longestDropEnvelope: number = 16 * 2 ** 20

/** Writes the first line. It is written last, into the room that was left for it: without it the file is no message. */
export function formatDropHead({ envelope, content }: DropLengths): string {
  return `${mark} ${String(envelope).padStart(8, '0')} ${String(content).padStart(14, '0')}\n`
}

/** Reads the first line; undefined for anything else. */
export function parseDropHead(octets: Buffer): DropLengths | undefined {
  const match = headForm.exec(octets.toString('latin1'))
  return match === null ? undefined : { envelope: Number(match[1]), content: Number(match[2]) }
}

/** Writes the envelope, with its line end. MAIL_E_INVALID for more than can be read again. */
export function formatDropEnvelope(envelope: DropEnvelope): Buffer {
  const octets = Buffer.from(`${JSON.stringify(envelope)}\n`)
  if (octets.length <= longestDropEnvelope) return octets
  throw new MailwrightError('MAIL_E_INVALID', 'there are too many recipients for one message')
}

/** Reads an envelope. MAIL_E_INVALID for what is none. */
export function parseDropEnvelope(octets: Buffer): DropEnvelope {
  const value: unknown = parsed(octets)
  if (typeof value !== 'object' || value === null) throw wrong('is no object')
  const { sender, recipients, fullName, body, ret, envelopeId, notify } = value as Record<string, unknown>
  if (typeof sender !== 'string') throw wrong('has no sender')
  if (!isTexts(recipients) || recipients.length === 0) throw wrong('has no recipients')
  return {
    sender,
    recipients,
    ...(typeof fullName === 'string' ? { fullName } : {}),
    ...(body === '7BIT' || body === '8BITMIME' ? { body } : {}),
    ...(ret === 'FULL' || ret === 'HDRS' ? { ret } : {}),
    ...(typeof envelopeId === 'string' ? { envelopeId } : {}),
    ...(isNotify(notify) ? { notify } : {}),
  }
}

function parsed(octets: Buffer): unknown {
  try {
    return JSON.parse(octets.toString())
  } catch {
    throw wrong('is no JSON')
  }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

/** NEVER stands alone (RFC 3461 §4.1). */
function isNotify(value: unknown): value is readonly DropNotify[] {
  if (!isTexts(value) || value.length === 0) return false
  const others = value.every((word) => ['SUCCESS', 'FAILURE', 'DELAY'].includes(word))
  return others || (value.length === 1 && value[0] === 'NEVER')
}

function wrong(problem: string): MailwrightError {
  return new MailwrightError('MAIL_E_INVALID', `the envelope of the file ${problem}`)
}

// The folder can be entered by everybody and listed by nobody: a name that nobody can guess keeps a file to its owner.
const names = { temporary: /^t[0-9a-f]{12}-[0-9a-f]{32}$/, whole: /^m[0-9a-f]{12}-[0-9a-f]{32}$/ } as const

/** The names of a new file, while it is written and when it is whole. Names sort by time. */
export function newDropNames(now: number): { readonly temporary: string; readonly whole: string } {
  const name = `${Math.floor(now).toString(16).padStart(12, '0')}-${randomBytes(16).toString('hex')}`
  return { temporary: `t${name}`, whole: `m${name}` }
}

/** What a name in a drop folder stands for; undefined for what is not ours. */
export function dropNameKind(name: string): 'temporary' | 'whole' | undefined {
  if (names.whole.test(name)) return 'whole'
  return names.temporary.test(name) ? 'temporary' : undefined
}
