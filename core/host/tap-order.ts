import { MailwrightError } from '../errors.ts'
import type { Tap, TapOptions } from '../hooks/kinds.ts'
import { didYouMean } from '../suggest.ts'
import { findCircle } from './circle.ts'

/** A tap as it was added. */
export interface PlacedTap {
  /** `<plugin>/<step>`. */
  readonly name: string
  readonly plugin: string
  /** The plugin's place in the config. */
  readonly position: number
  readonly run: Tap<readonly unknown[], unknown>
  readonly options: TapOptions
}

/**
 * The order in which taps run: as the plugins stand in the config, but moved as little as `before` and `after` demand. Throws MAIL_E_HOOK for a
 * name that matches no tap of the hook and for demands that contradict each other.
 */
export function orderTaps(hook: string, taps: readonly PlacedTap[]): readonly PlacedTap[] {
  const earlier = new Map<PlacedTap, Set<PlacedTap>>(taps.map((tap) => [tap, new Set()]))
  for (const tap of taps) {
    for (const other of named(hook, tap, tap.options.before, taps)) earlier.get(other)?.add(tap)
    for (const other of named(hook, tap, tap.options.after, taps)) earlier.get(tap)?.add(other)
  }
  const ordered: PlacedTap[] = []
  const waiting = taps.toSorted((a, b) => a.position - b.position)
  const blocker = (tap: PlacedTap) => [...(earlier.get(tap) ?? [])].find((other) => !ordered.includes(other))
  while (waiting.length > 0) {
    const next = waiting.findIndex((tap) => blocker(tap) === undefined)
    const [tap] = next < 0 ? [] : waiting.splice(next, 1)
    if (tap === undefined) {
      const names = findCircle(waiting, blocker)
        .map((other) => other.name)
        .join(', ')
      throw new MailwrightError('MAIL_E_HOOK', `${hook}: the order of ${names} goes round in a circle`)
    }
    ordered.push(tap)
  }
  return ordered
}

function named(
  hook: string,
  tap: PlacedTap,
  names: string | readonly string[] | undefined,
  taps: readonly PlacedTap[],
): readonly PlacedTap[] {
  return [names ?? []].flat().flatMap((name) => {
    const matches = taps.filter((other) => other !== tap && (other.name === name || other.plugin === name))
    if (matches.length > 0) return matches
    const others = taps.filter((other) => other !== tap)
    const hint = didYouMean(name, new Set(others.flatMap((other) => [other.name, other.plugin])))
    const tail = hint === undefined ? '' : ` (${hint})`
    throw new MailwrightError(
      'MAIL_E_HOOK',
      `${tap.name} in ${hook} wants to be ordered by "${name}", which taps nothing there${tail}`,
    )
  })
}
