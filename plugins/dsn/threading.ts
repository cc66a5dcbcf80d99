import type { Header } from 'mailwright'

// What is read of a field, and how many of the messages before the one are named.
const longestField = 20_000
const mostBefore = 10
const messageId = /<[\x21-\x3b\x3d\x3f-\x7e]{1,500}>/g

/** What a notification refers to, so that programs show it beside the message (RFC 3834 §3.1.6, RFC 5322 §3.6.4). */
export function referencesOf(header: Header): readonly string[] {
  const own = idsIn(header, 'message-id')[0]
  if (own === undefined) return []
  const before = idsIn(header, 'references').filter((id) => id !== own)
  return [...before.slice(-mostBefore), own]
}

function idsIn(header: Header, name: string): readonly string[] {
  const body = header.first(name)?.bodyOctets.slice(-longestField) ?? ''
  return (body.match(messageId) ?? []).filter((id) => id.includes('@'))
}
