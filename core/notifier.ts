import type { Log } from './log.ts'
import type { Notifier } from './services/notifier.ts'

/** Hints within this process. */
export function createLocalNotifier(log: Log): Notifier {
  const topics = new Map<string, Set<(payload: unknown) => void>>()
  return {
    publish(topic, payload) {
      for (const listener of topics.get(topic) ?? []) {
        queueMicrotask(() => {
          try {
            listener(payload)
          } catch (error) {
            log.error('internal-error', { topic, error })
          }
        })
      }
    },
    subscribe(topic, listener) {
      const listeners = topics.get(topic) ?? new Set()
      topics.set(topic, listeners)
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
        if (listeners.size === 0) topics.delete(topic)
      }
    },
  }
}
