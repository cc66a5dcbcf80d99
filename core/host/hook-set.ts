import { type Hooks, hookCatalogue } from '../hooks/index.ts'
import type { HookKind } from '../hooks/kinds.ts'
import { answerFault } from './answers.ts'
import { HookPoint, type HookSettings } from './hook-point.ts'

type Points = { readonly [Group in keyof Hooks]: { readonly [Name in keyof Hooks[Group]]: HookPoint } }

/** All hooks of one host. */
export class HookSet {
  /** For the core, which runs them. */
  readonly points: Points

  constructor(settings: Omit<HookSettings, 'fault'>) {
    this.points = mapCatalogue(
      (name, kind) => new HookPoint(name, kind, { ...settings, fault: answerFault(name, kind) }),
    ) as Points
  }

  /** The hooks as one plugin sees them: it can tap them, not run them. */
  facade(plugin: string, position: number): Hooks {
    const points = new Map(this.list().map((point) => [point.name, point]))
    return mapCatalogue((name) => points.get(name)?.facade(plugin, position)) as unknown as Hooks
  }

  /** In the order in which a message meets them. */
  list(): readonly HookPoint[] {
    return Object.values(this.points).flatMap((group) => Object.values<HookPoint>(group))
  }

  freeze(): void {
    for (const point of this.list()) point.freeze()
  }
}

function mapCatalogue<T>(make: (name: string, kind: HookKind) => T): Record<string, Record<string, T>> {
  const groups = Object.entries(hookCatalogue).map(([group, hooks]) => {
    const made = Object.entries<HookKind>(hooks).map(([name, kind]) => [name, make(`${group}.${name}`, kind)])
    return [group, Object.freeze(Object.fromEntries(made))]
  })
  return Object.freeze(Object.fromEntries(groups))
}
