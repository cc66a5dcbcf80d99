import type { StoreAbilities } from 'mailwright'
import type { ImapExtension } from 'mailwright/imap'

/**
 * Capabilities for sessions that have logged in: before that nobody has a use for them. Only where the store has all
 * these abilities.
 */
export function afterLogin(
  names: readonly string[],
  ...needs: readonly (keyof StoreAbilities)[]
): NonNullable<ImapExtension['capabilities']> {
  return ({ state, server }) => {
    const isPossible = needs.every((ability) => server.store.supports[ability])
    return state !== 'not authenticated' && isPossible ? names : []
  }
}
