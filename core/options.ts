import { isIP } from 'node:net'
import { isAbsolute } from 'node:path'
import { durationText, durationUnits } from './duration.ts'
import { ConfigError, type ConfigFault } from './errors.ts'
import { boundsText, type NumberBounds, within } from './number-bounds.ts'
import { didYouMean } from './suggest.ts'

/**
 * Reads a plugin's options one by one, notes every fault with its path, and throws them all together in `done`, with
 * the options that nobody asked for. A missing option takes its default; one without a default is a fault.
 *
 * ```
 * const read = readOptions(input)
 * return read.done({ port: read.integer('port', { default: 25 }), root: read.string('root') })
 * ```
 */
export interface OptionReader {
  string(name: string, options?: { default?: string; pattern?: RegExp; expected?: string }): string
  optionalString(name: string): string | undefined
  boolean(name: string, options?: { default?: boolean }): boolean
  integer(name: string, options?: NumberBounds & { default?: number }): number
  /** A number that need not be whole: a score, say. */
  number(name: string, options?: NumberBounds & { default?: number }): number
  /** A number of milliseconds: a number, or a text such as `90s`, `5m`, `2h`, `1d`. */
  duration(name: string, options?: NumberBounds & { default?: number | string }): number
  /** A number of octets: a number, or a text such as `512k`, `10M`, `2G` (powers of 1024). */
  size(name: string, options?: NumberBounds & { default?: number | string }): number
  choice<const Choice extends string>(
    name: string,
    choices: readonly Choice[],
    options?: { default?: Choice },
  ): Choice
  /** Some of the choices, each once, in the order of the choices; at least one. */
  choices<const Choice extends string>(
    name: string,
    choices: readonly Choice[],
    options?: { default?: readonly Choice[] },
  ): readonly Choice[]
  strings(name: string, options?: { default?: readonly string[] }): readonly string[]
  /** An IP address to listen on. */
  host(name: string, options?: { default?: string }): string
  port(name: string, options?: { default?: number }): number
  absolutePath(name: string): string | undefined
  /** A nested object, read in turn; its faults carry its path. Undefined where it is absent. */
  object<T>(name: string, parse: (reader: OptionReader) => T): T | undefined
  /** A list of nested objects. */
  list<T>(name: string, parse: (reader: OptionReader) => T): readonly T[]
  /** Anything at all, checked by the caller, who may report with `fault`. */
  value(name: string): unknown
  fault(name: string, problem: string, suggestion?: string): void
  /** Throws ConfigError where anything was wrong; else answers its argument. */
  done<T>(options: T): T
}

/** Starts reading; see {@link OptionReader}. */
export function readOptions(input: unknown): OptionReader {
  return new Reader(input, '', [])
}

const sizes: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 }

class Reader implements OptionReader {
  readonly #input: Record<string, unknown>
  readonly #path: string
  readonly #isObject: boolean
  readonly #faults: ConfigFault[]
  readonly #known = new Set<string>()

  constructor(input: unknown, path: string, faults: ConfigFault[]) {
    this.#path = path
    this.#faults = faults
    this.#isObject = typeof input === 'object' && input !== null && !Array.isArray(input)
    if (!this.#isObject) this.#faults.push({ path, problem: `must be an object, not ${kindOf(input)}` })
    this.#input = this.#isObject ? (input as Record<string, unknown>) : {}
  }

  value(name: string): unknown {
    this.#known.add(name)
    return Object.hasOwn(this.#input, name) ? this.#input[name] : undefined
  }

  fault(name: string, problem: string, suggestion?: string): void {
    const path = this.#path === '' ? name : name === '' ? this.#path : `${this.#path}.${name}`
    this.#faults.push({ path, problem, ...(suggestion === undefined ? {} : { suggestion }) })
  }

  /** The value where it is of the type; else the default, with a fault where there is none or the type is wrong. */
  #read<T>(
    name: string,
    expected: string,
    accept: (value: unknown) => T | undefined,
    fallback: T | undefined,
    zero: T,
  ): T {
    const value = this.value(name)
    if (value === undefined) {
      if (fallback !== undefined) return fallback
      this.#missing(name, expected)
      return zero
    }
    const accepted = accept(value)
    if (accepted !== undefined) return accepted
    this.fault(name, `must be ${expected}, not ${kindOf(value)}`)
    return fallback ?? zero
  }

  /** What is no object lacks everything; that has been said. */
  #missing(name: string, expected: string): void {
    if (this.#isObject) this.fault(name, `is missing; it must be ${expected}`)
  }

  string(name: string, options: { default?: string; pattern?: RegExp; expected?: string } = {}): string {
    const accept = (value: unknown) =>
      typeof value === 'string' && value !== '' && (options.pattern?.test(value) ?? true) ? value : undefined
    return this.#read(name, options.expected ?? 'a text', accept, options.default, '')
  }

  optionalString(name: string): string | undefined {
    return this.value(name) === undefined ? undefined : this.string(name)
  }

  boolean(name: string, options: { default?: boolean } = {}): boolean {
    const accept = (value: unknown) => (typeof value === 'boolean' ? value : undefined)
    return this.#read(name, 'true or false', accept, options.default, false)
  }

  integer(name: string, options: NumberBounds & { default?: number } = {}): number {
    const accept = (value: unknown) =>
      Number.isInteger(value) && within(value as number, options) ? (value as number) : undefined
    return this.#read(name, `a whole number${boundsText(options)}`, accept, options.default, 0)
  }

  number(name: string, options: NumberBounds & { default?: number } = {}): number {
    const accept = (value: unknown) =>
      Number.isFinite(value) && within(value as number, options) ? (value as number) : undefined
    return this.#read(name, `a number${boundsText(options)}`, accept, options.default, 0)
  }

  duration(name: string, options: NumberBounds & { default?: number | string } = {}): number {
    return this.#quantity(
      name,
      `a duration such as "90s", "5m" or "2h"${boundsText(options, durationText)}`,
      /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/,
      durationUnits,
      options,
    )
  }

  size(name: string, options: NumberBounds & { default?: number | string } = {}): number {
    return this.#quantity(
      name,
      `a size such as 65536, "512k" or "10M"${boundsText(options)}`,
      /^(\d+(?:\.\d+)?)([kmgt]?)$/i,
      sizes,
      options,
    )
  }

  #quantity(
    name: string,
    expected: string,
    form: RegExp,
    factors: Readonly<Record<string, number>>,
    options: NumberBounds & { default?: number | string },
  ): number {
    const accept = (value: unknown): number | undefined => {
      const match = typeof value === 'string' ? form.exec(value) : null
      const factor = factors[(match?.[2] ?? '').toLowerCase()] ?? 1
      const result = match === null ? value : Math.round(Number(match[1]) * factor)
      // Nothing that is counted here can be less than nothing.
      const isWhole = Number.isSafeInteger(result) && within(result as number, { min: 0, ...options })
      return isWhole ? (result as number) : undefined
    }
    const fallback = options.default === undefined ? undefined : accept(options.default)
    return this.#read(name, expected, accept, fallback, 0)
  }

  choice<const Choice extends string>(
    name: string,
    choices: readonly Choice[],
    options: { default?: Choice } = {},
  ): Choice {
    const value = this.value(name)
    const known = choices.find((choice) => choice === value)
    if (known !== undefined) return known
    const [first] = choices
    if (first === undefined) throw new RangeError('a choice needs choices')
    if (value === undefined && options.default !== undefined) return options.default
    const expected = `one of ${choices.map((choice) => `"${choice}"`).join(', ')}`
    if (value === undefined) this.#missing(name, expected)
    else
      this.fault(
        name,
        `must be ${expected}, not ${kindOf(value)}`,
        typeof value === 'string' ? didYouMean(value, choices) : undefined,
      )
    return options.default ?? first
  }

  choices<const Choice extends string>(
    name: string,
    choices: readonly Choice[],
    options: { default?: readonly Choice[] } = {},
  ): readonly Choice[] {
    const words = this.strings(name, options)
    const expected = `must be a list of ${choices.map((choice) => `"${choice}"`).join(', ')}`
    for (const word of words)
      if (!choices.some((choice) => choice === word))
        this.fault(name, `${expected}, not ${kindOf(word)}`, didYouMean(word, choices))
    if (words.length === 0 && this.value(name) !== undefined)
      this.fault(name, `${expected}, not an empty one`)
    return choices.filter((choice) => words.includes(choice))
  }

  strings(name: string, options: { default?: readonly string[] } = {}): readonly string[] {
    const accept = (value: unknown) =>
      Array.isArray(value) && value.every((item) => typeof item === 'string')
        ? (value as string[])
        : undefined
    return this.#read(name, 'a list of texts', accept, options.default, [])
  }

  host(name: string, options: { default?: string } = {}): string {
    const accept = (value: unknown) => (typeof value === 'string' && isIP(value) !== 0 ? value : undefined)
    return this.#read(name, 'an IP address such as "127.0.0.1" or "::"', accept, options.default, '127.0.0.1')
  }

  port(name: string, options: { default?: number } = {}): number {
    return this.integer(name, { ...options, min: 0, max: 65_535 })
  }

  absolutePath(name: string): string | undefined {
    const value = this.value(name)
    if (value === undefined) return undefined
    if (typeof value === 'string' && isAbsolute(value)) return value
    this.fault(
      name,
      typeof value === 'string'
        ? 'must be an absolute path'
        : `must be an absolute path, not ${kindOf(value)}`,
    )
    return undefined
  }

  object<T>(name: string, parse: (reader: OptionReader) => T): T | undefined {
    const value = this.value(name)
    if (value === undefined) return undefined
    return this.#nested(value, name, parse)
  }

  list<T>(name: string, parse: (reader: OptionReader) => T): readonly T[] {
    const value = this.value(name)
    if (value === undefined) return []
    if (!Array.isArray(value)) {
      this.fault(name, `must be a list, not ${kindOf(value)}`)
      return []
    }
    return value.map((item, index) => this.#nested(item, `${name}[${index}]`, parse))
  }

  #nested<T>(value: unknown, name: string, parse: (reader: OptionReader) => T): T {
    const reader = new Reader(value, this.#path === '' ? name : `${this.#path}.${name}`, this.#faults)
    const parsed = parse(reader)
    reader.#unknown()
    return parsed
  }

  #unknown(): void {
    for (const name of Object.keys(this.#input)) {
      if (this.#known.has(name)) continue
      const others = [...this.#known].filter((known) => !Object.hasOwn(this.#input, known))
      this.fault(name, 'is not an option here', didYouMean(name, others))
    }
  }

  done<T>(options: T): T {
    this.#unknown()
    if (this.#faults.length > 0) throw new ConfigError(this.#faults)
    return options
  }
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return value === '' ? 'an empty text' : JSON.stringify(value.slice(0, 60))
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (value === undefined) return 'undefined'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
