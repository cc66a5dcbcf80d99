import { type Network, networksInclude } from './network.ts'
import type { Session, SessionRole } from './session.ts'

/** Whom a check of strangers is for. */
export interface Concern {
  /** Of which listeners. */
  readonly roles: readonly SessionRole[]
  /** Networks whose clients it leaves alone. */
  readonly exempt: readonly Network[]
  /** Whether it is for our own clients, too; see `Session.ownClient`. */
  readonly ownClients: boolean
}

/** Whether a check is for a session. */
export function concerns({ roles, exempt, ownClients }: Concern, session: Session): boolean {
  if (!roles.includes(session.role) || networksInclude(exempt, session.remote.address)) return false
  return ownClients || session.ownClient === undefined
}
