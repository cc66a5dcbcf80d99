import { hasAllRights, hasAnyRight, type Rights } from '../model/rights.ts'

/** What is done with a mailbox of somebody else. */
export type Operation =
  | 'list'
  | 'myRights'
  | 'status'
  | 'open'
  | 'read'
  | 'expunge'
  | 'takeOut'
  | 'append'
  | 'deliver'
  | 'createBelow'
  | 'delete'
  | 'rename'
  | 'administer'
  | 'annotate'
  | 'annotateForAll'

/** The rights that an operation needs: all of some, and at least one of others. */
export interface RightsNeed {
  readonly all: Rights
  readonly oneOf?: Rights
}

/**
 * What RFC 4314 §4 demands. Which flags may be set is decided flag by flag, see `rightOfFlag`. The owner needs nothing.
 *
 * In an opened mailbox `r` is asked for anew with every operation, so that taking it away works at once.
 */
const operationNeeds: Readonly<Record<Operation, RightsNeed>> = {
  /** To be in the list of mailboxes. */
  list: { all: 'l' },
  myRights: { all: '', oneOf: 'lrikxa' },
  status: { all: 'r' },
  open: { all: 'r' },
  /** Contents, summaries, searches, what vanished; copying from there; being told of changes. */
  read: { all: 'r' },
  expunge: { all: 're' },
  /** The source of a move: what STORE, COPY and EXPUNGE need together (RFC 6851 §4.2). */
  takeOut: { all: 'rte' },
  /** To append to, to copy or move into. */
  append: { all: 'i' },
  /** Incoming mail that is addressed to the mailbox or filed into it: `p` is the right to post to its address. */
  deliver: { all: '', oneOf: 'ip' },
  /** On the nearest existing parent of a mailbox that is made or renamed to there. */
  createBelow: { all: 'k' },
  delete: { all: 'x' },
  rename: { all: 'x' },
  /** To read and to change the access control list. */
  administer: { all: 'a' },
  /** RFC 5464 §3.3, for reading all annotations and for setting one's own. */
  annotate: { all: 'l', oneOf: 'rswip' },
  /** It is also what RFC 5464 §3.3 asks for at least to set what all see; who may not write should not change that. */
  annotateForAll: { all: 'lw' },
}

/** Whether rights suffice for an operation. */
export function allows(rights: Rights, operation: Operation): boolean {
  const { all, oneOf } = operationNeeds[operation]
  return hasAllRights(rights, all) && (oneOf === undefined || hasAnyRight(rights, oneOf))
}
