import type { Lifecycle } from '../plugin.ts'

/** A file or folder that has to outlast a power cut. */
export interface KeptPath {
  readonly plugin: string
  /** Absolute. */
  readonly path: string
}

interface KeepingPlugin {
  readonly plan: { readonly name: string }
  readonly lifecycle: Lifecycle
}

/** What plugins say that they keep on disks. */
export function keptPathsOf(plugins: readonly KeepingPlugin[]): readonly KeptPath[] {
  return plugins.flatMap(({ plan: { name }, lifecycle: { keeps } }) =>
    (keeps ?? []).map((path) => ({ plugin: name, path })),
  )
}
