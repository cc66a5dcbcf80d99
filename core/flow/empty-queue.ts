import { MailwrightError } from '../errors.ts'
import {
  type QueueDistribution,
  type QueueManagement,
  type QueueSelection,
  queueAgeLimits,
} from '../services/queue.ts'

const nothing: QueueDistribution['total'] = Object.freeze({
  recipients: 0,
  held: 0,
  ages: [...queueAgeLimits, 0].map(() => 0),
  oldest: undefined,
})

/** What there is to manage in a queue where nothing waits. */
export const emptyQueue: QueueManagement = Object.freeze({
  list: async () => [],
  show: async () => undefined,
  message: async (id: string) => notQueued(id),
  statistics: async () => ({
    total: { ...nothing, destinations: 0, paused: 0 },
    destinations: [],
  }),
  distribution: async () => ({ total: { ...nothing }, found: 0, groups: [] }),
  flush: nothingSelected,
  requeue: nothingSelected,
  hold: nothingSelected,
  release: nothingSelected,
  remove: nothingSelected,
  bounce: nothingSelected,
  redirect: async (id: string) => notQueued(id),
})

async function nothingSelected(selection: QueueSelection = {}): Promise<number> {
  return selection.id === undefined ? 0 : notQueued(selection.id)
}

/** Throws MAIL_E_NOT_FOUND. */
export function notQueued(id: string): never {
  throw new MailwrightError('MAIL_E_NOT_FOUND', `no message ${id.slice(0, 40)} is queued`)
}
