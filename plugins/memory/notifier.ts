import {
  definePlugin,
  type Log,
  type NoOptions,
  type Notifier,
  noOptions,
  notifier as notifierKey,
  type PluginFactory,
} from 'mailwright'

type Listener = (payload: unknown) => void

/** A `notifier` within this process. Hints come in a later turn, never in the publisher's own. */
export function createMemoryNotifier(log: Log): Notifier {
  const topics = new Map<string, Set<Listener>>()
  const call = (topic: string, listener: Listener, payload: unknown): void => {
    // Between the hint and its arrival the subscription may have ended.
    if (!topics.get(topic)?.has(listener)) return
    try {
      listener(payload)
    } catch (error) {
      log.error('internal-error', { topic, error })
    }
  }
  return {
    publish(topic, payload) {
      for (const listener of topics.get(topic) ?? []) queueMicrotask(() => call(topic, listener, payload))
    },
    subscribe(topic, subscriber) {
      // An own function for each subscription, so that one listener may have several.
      const listener: Listener = (payload) => subscriber(payload)
      const listeners = topics.get(topic) ?? new Set()
      topics.set(topic, listeners.add(listener))
      return () => {
        listeners.delete(listener)
        if (listeners.size === 0 && topics.get(topic) === listeners) topics.delete(topic)
      }
    },
  }
}

/** The plugin `memory-notifier`. */
export const memoryNotifier: PluginFactory<NoOptions> = definePlugin({
  name: 'memory-notifier',
  provides: [notifierKey],
  parseOptions: noOptions,
  setup({ provide, log }) {
    provide(notifierKey, createMemoryNotifier(log))
  },
})
