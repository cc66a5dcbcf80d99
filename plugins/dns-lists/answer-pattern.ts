/** Which answers of a list count: for each octet of an IPv4 address its ranges, first and last. */
export type AnswerPattern = readonly (readonly (readonly [number, number])[])[]

const octetForm = /^(?:\d{1,3}|\[\d{1,3}(?:\.\.\d{1,3})?(?:;\d{1,3}(?:\.\.\d{1,3})?)*\])$/

/**
 * Reads a filter as Postfix's `postscreen_dnsbl_sites` has it: `127.0.0.4`, `127.0.0.[2..11]`, `127.0.[0;2].[1..3;9]`.
 * Undefined for anything else.
 */
export function parseAnswerPattern(text: string): AnswerPattern | undefined {
  // Two dots are a range, one is between two octets.
  const parts = text.split(/(?<!\.)\.(?!\.)/)
  if (parts.length !== 4 || !parts.every((part) => octetForm.test(part))) return undefined
  const pattern = parts.map((part) =>
    part
      .replaceAll(/[[\]]/g, '')
      .split(';')
      .map((range): readonly [number, number] => {
        const [first = 0, last = first] = range.split('..').map(Number)
        return [first, last]
      }),
  )
  const isGood = pattern.every((ranges) => ranges.every(([first, last]) => first <= last && last <= 255))
  return isGood ? pattern : undefined
}

/** Whether the octets of an IPv4 address fit. */
export function fitsPattern(pattern: AnswerPattern, octets: Uint8Array): boolean {
  return (
    octets.length === pattern.length &&
    pattern.every((ranges, index) =>
      ranges.some(([first, last]) => first <= (octets[index] ?? 256) && (octets[index] ?? -1) <= last),
    )
  )
}
