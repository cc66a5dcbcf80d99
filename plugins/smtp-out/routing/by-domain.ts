import type { OptionReader } from 'mailwright'
import { domainKey, domainKeys } from './address-patterns.ts'

/** Something for each of some destinations: domains of recipients, or relay hosts; `.example.org` is for all domains below it. */
export type ByDomain<T> = ReadonlyMap<string, T>

/** That of the most specific key. */
export function ofDomain<T>(values: ByDomain<T>, domain: string): T | undefined {
  return domainKeys(domain)
    .map((key) => values.get(key))
    .find((value) => value !== undefined)
}

/** Reads an object whose keys are domains. */
export function readByDomain<T>(
  read: OptionReader,
  name: string,
  readOne: (reader: OptionReader, key: string) => T | undefined,
): ByDomain<T> {
  const found = new Map<string, T>()
  const value = read.value(name)
  if (value === undefined) return found
  read.object(name, (reader) => {
    for (const text of typeof value === 'object' ? Object.keys(Object(value)) : []) {
      const key = domainKey(text)
      if (key === undefined) reader.fault(text, 'is no domain, such as "example.org" or ".example.org"')
      const one = readOne(reader, text)
      if (key !== undefined && one !== undefined) found.set(key, one)
    }
  })
  return found
}
