import { type ServiceKey, serviceKey } from './key.ts'

/**
 * Hints between sessions, processes and nodes that something changed. A hint may be lost or come twice: whoever gets
 * one looks for itself.
 */
export interface Notifier {
  /** Tells all subscribers of a topic, such as `mailbox:<account id>` or `accounts`. The payload is small and JSON. */
  publish(topic: string, payload: unknown): void
  /**
   * Answers the call that ends the subscription. A payload `{ missed: true }` says that hints of the topic may have been
   * lost. A listener that throws harms nobody else. */
  subscribe(topic: string, listener: (payload: unknown) => void): () => void
}

export const notifier: ServiceKey<Notifier> = serviceKey(
  'notifier',
  'change hints between sessions and nodes',
  ['core', 'local-notifier'],
)
