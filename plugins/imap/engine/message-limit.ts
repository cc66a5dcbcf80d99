import type { MessageEntry } from 'mailwright'
import type { ImapLimits, ImapResult, ImapSession } from 'mailwright/imap'
import { no } from './result.ts'

/** Those of a command's messages that it works on. */
export interface LimitedMessages {
  /** Ascending, the highest UIDs of all. */
  readonly entries: readonly MessageEntry[]
  /** The response code that says so, where there were more. */
  readonly code: string | undefined
}

/**
 * Messages that one command may work on (RFC 9738 §3.1): those with the highest UIDs, so that the client can go on below
 * the lowest of them. `entries` ascend.
 */
export function withinMessageLimit(
  { server }: ImapSession,
  entries: readonly MessageEntry[],
): LimitedMessages {
  const most = server.limits.messagesPerCommand
  if (most === 0 || entries.length <= most) return { entries, code: undefined }
  const limited = entries.slice(-most)
  return { entries: limited, code: limitCode(most, limited[0]) }
}

/**
 * The refusal of a command that would save more messages than one may, and must not save only some of them; undefined
 * where it may. `entries` are those of them that the client knows of.
 */
export function refusalToSave(
  { server }: ImapSession,
  count: number,
  entries: readonly MessageEntry[] = [],
): ImapResult | undefined {
  const most = mostToSave(server.limits)
  if (most === 0 || count <= most) return undefined
  return no(`At most ${most} messages at once`, limitCode(most, entries.at(-most)))
}

/** How many messages COPY and APPEND may save at once; 0 for no limit. */
function mostToSave({ messagesPerCommand, messagesPerSave }: ImapLimits): number {
  return messagesPerCommand === 0 ? messagesPerSave : messagesPerCommand
}

function limitCode(most: number, lowest: MessageEntry | undefined): string {
  return `MESSAGELIMIT ${most}${lowest === undefined ? '' : ` ${lowest.uid}`}`
}
