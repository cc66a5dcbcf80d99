import { type OptionReader, readOptions } from 'mailwright'

/** So many in every so many milliseconds. */
export interface Rate {
  readonly most: number
  readonly per: number
}

// Of windows that are longer than a month nobody could say when there is room again.
const longest = 31 * 86_400_000

/** Reads a rate such as `100/1h` or `30/m`, or several that hold together. None where the option is absent. */
export function readRates(read: OptionReader, name: string): readonly Rate[] {
  const value = read.value(name)
  if (value === undefined) return []
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value]
  const lengths = new Set<number>()
  return texts.flatMap((text, index) => {
    const rate = typeof text === 'string' ? parseRate(text) : undefined
    const path = Array.isArray(value) ? `${name}[${index}]` : name
    if (rate === undefined)
      read.fault(path, 'must be a rate such as "100/1h" or "30/m", per 1 second to 31 days')
    else if (lengths.has(rate.per)) read.fault(path, 'is per the same time as another one')
    lengths.add(rate?.per ?? 0)
    return rate ?? []
  })
}

function parseRate(text: string): Rate | undefined {
  const [, most = '', per = ''] = /^([1-9]\d{0,8})\/(\d*(?:ms|s|m|h|d))$/.exec(text) ?? []
  if (most === '') return undefined
  try {
    const read = readOptions({ per: /^\d/.test(per) ? per : `1${per}` })
    return { most: Number(most), per: read.done(read.duration('per', { min: 1000, max: longest })) }
  } catch {
    return undefined
  }
}

/** As it is written: `100/1h`. */
export function rateText({ most, per }: Rate): string {
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ] as const
  const [unit, length] = units.find(([, milliseconds]) => per % milliseconds === 0) ?? ['ms', 1]
  return `${most}/${per / length}${unit}`
}
