// RFC 5464 §3.2: levels of printable ASCII and spaces without wildcards, below /private or /shared.
const entryName = /^\/(?:private|shared)(?:\/[\x20-\x24\x26-\x29\x2b-\x2e\x30-\x7e]+)+$/
const longestName = 1000

/** The one spelling of an annotation's name, which is compared without regard to case; undefined for what is none. */
export function annotationName(name: string): string | undefined {
  const canonical = name.toLowerCase()
  return name.length <= longestName && entryName.test(canonical) ? canonical : undefined
}
