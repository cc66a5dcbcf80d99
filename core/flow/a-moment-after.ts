import type { Clock } from '../clock.ts'

const moment = 1_000

const following = new WeakMap<AbortSignal, AbortSignal>()

/**
 * Aborts a second after another signal does: whoever hears that one has time to say what has come of its work. One for all who ask with
 * the same, so that the signal has one listener.
 */
export function aMomentAfter(signal: AbortSignal, clock: Clock): AbortSignal {
  if (signal.aborted) return signal
  const known = following.get(signal)
  if (known !== undefined) return known
  const later = new AbortController()
  following.set(signal, later.signal)
  signal.addEventListener('abort', () => void clock.after(moment, () => later.abort(signal.reason)), {
    once: true,
  })
  return later.signal
}
