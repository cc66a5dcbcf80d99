import type { Log } from './log.ts'
import type { Notifier } from './services/notifier.ts'

type Listener = (payload: unknown) => unknown

/** Hints within this process. */
export function createLocalNotifier(log: Log): Notifier {
  // Each subscription is a set entry of its own, so that one listener may subscribe twice.
  const topics = new Map<string, Set<{ readonly listener: Listener }>>()
  const tell = async (topic: string, listener: Listener, payload: unknown) => {
    try {
      await listener(payload)
    } catch (error) {
      log.error('internal-error', { topic, error })
    }
  }
  return {
    publish(topic, payload) {
      const subscriptions = topics.get(topic)
      for (const subscription of subscriptions ?? []) {
        queueMicrotask(() => {
          if (subscriptions?.has(subscription)) void tell(topic, subscription.listener, payload)
        })
      }
    },
    subscribe(topic, listener) {
      const subscriptions = topics.get(topic) ?? new Set()
      const subscription = { listener }
      topics.set(topic, subscriptions.add(subscription))
      return () => {
        subscriptions.delete(subscription)
        if (subscriptions.size === 0 && topics.get(topic) === subscriptions) topics.delete(topic)
      }
    },
  }
}
