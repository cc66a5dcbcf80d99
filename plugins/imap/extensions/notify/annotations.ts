import { createHash } from 'node:crypto'
import type { Metadata } from 'mailwright'

/** What a client may know of annotations: each by its name, with a digest of its value. */
export type KnownAnnotations = ReadonlyMap<string, string>

/** What there is, in little memory. */
export function digested(annotations: Metadata): KnownAnnotations {
  return new Map([...annotations].map(([name, value]) => [name, digest(value)]))
}

/** Names of annotations that came, went, or have another value. */
export function changedAnnotations(before: KnownAnnotations, now: KnownAnnotations): readonly string[] {
  const names = new Set([...before.keys(), ...now.keys()])
  return [...names].filter((name) => before.get(name) !== now.get(name)).sort()
}

function digest(value: Buffer): string {
  return createHash('sha256').update(value).digest('base64').slice(0, 16)
}
