import type { Metadata } from '../services/store.ts'
import type { AccessGuard } from './access-guard.ts'
import {
  annotationsFor,
  checkOwnAnnotations,
  isForAll,
  keptChanges,
  ownAnnotations,
} from './private-annotations.ts'

/** See `AccountStore.metadata`, for a mailbox. */
export async function readAnnotations(guard: AccessGuard, name: string): Promise<Metadata> {
  const located = await guard.find(name)
  await guard.demand(located, 'annotate')
  const kept = await located.owner.store.metadata(located.mailbox)
  return located.space === 'personal' ? ownAnnotations(kept) : annotationsFor(guard.account.id, kept)
}

/** See `AccountStore.setMetadata`, for a mailbox. */
export async function changeAnnotations(
  guard: AccessGuard,
  name: string,
  changes: ReadonlyMap<string, Buffer | null>,
): Promise<void> {
  const located = await guard.find(name)
  const { owner, mailbox, space } = located
  if (space === 'personal') {
    checkOwnAnnotations(changes.keys())
    return owner.store.setMetadata(mailbox, changes)
  }
  await guard.demand(located, [...changes.keys()].some(isForAll) ? 'annotateForAll' : 'annotate')
  const kept = await owner.store.metadata(mailbox)
  await owner.store.setMetadata(mailbox, keptChanges(guard.account.id, kept, changes))
}
