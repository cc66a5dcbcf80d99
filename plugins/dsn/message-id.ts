import { randomUUID } from 'node:crypto'
import type { Header } from 'mailwright'
import type { TextKind } from './texts.ts'

/** A message-id (RFC 5322 §3.6.4) that says what the notification is about. */
export function notificationId(kind: TextKind, hostname: string): string {
  return `<${randomUUID()}.${kind}.dsn@${hostname}>`
}

/**
 * Whether a message is one of ours that tells of a loss, whatever address it has been led to since. Who forges that has
 * nothing from it: of a message of theirs that is lost nobody is told.
 */
export function isLossReport(header: Header, hostname: string): boolean {
  const id = header.first('message-id')?.bodyOctets.slice(0, 1_000) ?? ''
  return /^<[0-9a-f-]{36}\.lost\.dsn@/.test(id) && id.endsWith(`.lost.dsn@${hostname}>`)
}
