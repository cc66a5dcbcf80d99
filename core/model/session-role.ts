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

/** Those of a list of words that can be a plugin's own role: choices of an option beside the framework's. */
export function ownRolesIn(words: unknown): readonly OwnRole[] {
  return Array.isArray(words) ? words.filter(isOwnRole) : []
}

function isOwnRole(word: unknown): word is OwnRole {
  return typeof word === 'string' && ownRole.test(word)
}
