import type { RetrievalFlow } from '../flow/flow.ts'
import type { AnnouncedChange } from './contracts/store-fixture.ts'

/** A `flow.retrieval` that notes what a store tells it. */
export interface RecordedRetrieval extends RetrievalFlow {
  /** Oldest first. */
  readonly changes: readonly AnnouncedChange[]
}

/** Makes one; for stores that are tried without a host. */
export function recordedRetrieval(): RecordedRetrieval {
  const changes: AnnouncedChange[] = []
  return {
    changes,
    stored: (change) => void changes.push({ kind: 'stored', change }),
    flagged: (change) => void changes.push({ kind: 'flagged', change }),
    expunged: (change) => void changes.push({ kind: 'expunged', change }),
  }
}
