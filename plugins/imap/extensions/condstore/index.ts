import type {
  ImapArguments,
  ImapExtension,
  ImapFetchItem,
  ImapFetchModifier,
  ImapSession,
  ImapStoreModifier,
} from 'mailwright/imap'
import { afterLogin } from '../../engine/after-login.ts'

/**
 * From now on FETCH responses tell mod-sequences, and the client is told of the mailbox's where it has one selected (RFC
 * 7162 §3.1).
 */
function enable(session: ImapSession): void {
  const { selected, out } = session
  if (enableSilently(session) && selected !== undefined)
    out.untagged(`OK [HIGHESTMODSEQ ${selected.settledModSequence}] Highest`)
}

/** Whether it was not so before. Where the store has no mod-sequences there is nothing to tell. */
function enableSilently({ enabled, server }: ImapSession): boolean {
  if (!server.store.supports.modSequences || enabled.has('CONDSTORE')) return false
  enabled.add('CONDSTORE')
  return true
}

/** A mod-sequence behind a word that makes the client one that knows of them, once the command is read. */
function modSequence(args: ImapArguments, session: ImapSession): number {
  args.space()
  const number = args.number64()
  requireModSequences(args, session)
  return number
}

/** RFC 7162 §3.1.2.2: where SELECT said NOMODSEQ it is a mistake to use them. */
function requireModSequences(args: ImapArguments, { server }: ImapSession): void {
  if (!server.store.supports.modSequences) args.fail('There are no mod-sequences here')
}

const fetched: ImapFetchItem = (args, session) => {
  requireModSequences(args, session)
  return { text: ({ entry }) => `MODSEQ (${entry.modSequence})`, chosen: () => enable(session) }
}

const changedSince: ImapFetchModifier = (args, request) => {
  const since = modSequence(args, request.session)
  request.changedSince = since
  request.keepOnly((entry) => entry.modSequence > since)
  request.also('MODSEQ')
}

const unchangedSince: ImapStoreModifier = (args, request) => {
  if (request.unchangedSince !== undefined) args.fail('UNCHANGEDSINCE is given twice')
  request.unchangedSince = modSequence(args, request.session)
}

/** Mod-sequences: what has changed since when, and changes that are made only if nothing else was (RFC 7162 §3.1). */
export const condStore: ImapExtension = {
  name: 'condstore',
  capabilities: afterLogin(['CONDSTORE'], 'modSequences'),
  enables: { CONDSTORE: enable },
  fetchItems: { MODSEQ: fetched },
  fetchModifiers: { CHANGEDSINCE: changedSince },
  storeModifiers: { UNCHANGEDSINCE: unchangedSince },
  // What is selected is told of by SELECT itself.
  selectParameters: { CONDSTORE: (_, { session }) => void enableSilently(session) },
}
