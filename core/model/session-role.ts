import type { OwnRole, SessionRole } from './session.ts'

/** Every role of a session that the framework knows: what can be taken away from an account, and what an app password may be for. */
export const sessionRoles: readonly Exclude<SessionRole, OwnRole>[] = [
  'transfer',
  'submission',
  'lmtp',
  'pop3',
  'imap',
  'managesieve',
  'http',
  'local',
]

const ownRole = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)+$/

/** A word as a role: one of the framework's, or of the form of a plugin's own. */
export function sessionRoleOf(name: string): SessionRole | undefined {
  return sessionRoles.find((role) => role === name) ?? (isOwnRole(name) ? name : undefined)
}

function isOwnRole(word: string): word is OwnRole {
  return ownRole.test(word)
}
