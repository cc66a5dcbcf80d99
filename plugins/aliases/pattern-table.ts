import { type Context, createContext, Script } from 'node:vm'
import { systemClock, UnavailableError } from 'mailwright'
import { logicalLines } from './logical-lines.ts'
import { type PatternDialect, translatePattern } from './pattern-source.ts'
import { SearchTime } from './search-time.ts'
import { checkNoReferences, checkReferences, substitute } from './substitution.ts'
import type { ReadTable } from './table-file.ts'

/** Milliseconds that all patterns of a table together may take for one key. Honest ones need a hundredth of that. */
const longestSearch = 100
/** Milliseconds that a search may take without being held against the patterns, and those that each of them adds: a large table takes its time for every key. */
const honestSearch = 10
const honestRule = 0.01
/** It is the time of the clock: on a busy machine an honest search may get none of it, and has another try. */
const mostTries = 3
/** Characters: no address is longer. */
const longestKey = 1_024
/** Answers that are kept: one recipient is looked up several times. */
const mostKept = 1_000

interface Rule {
  /** Its line in the file. */
  readonly line: number
  readonly kind: 'pattern' | 'if' | 'endif'
  readonly source: string
  readonly flags: string
  readonly negated: boolean
  readonly value: string
}

const rulePattern = /^(!?)\s*([^\sA-Za-z0-9\\])/
const conditionPattern = /^if\s+/i

// Runs beside everything else: nothing of this program is known there.
const search = new Script(`search(key)`)
const prepare = new Script(`
  rules = rules.map(({ source, flags, ...rule }) => ({ ...rule, pattern: new RegExp(source, flags) }));
  search = (key) => {
    const open = [];
    for (let at = 0; at < rules.length; at++) {
      reached = at;
      const { kind, pattern, negated } = rules[at];
      if (kind === 'endif') { open.pop(); continue; }
      if (open.at(-1) === false) { if (kind === 'if') open.push(false); continue; }
      const found = pattern.exec(key);
      const matches = (found !== null) !== negated;
      if (kind === 'if') open.push(matches);
      else if (matches) return [at, ...(found ?? [])];
    }
  }`)

/**
 * Patterns with their values, the first that matches wins: regexp_table(5) and pcre_table(5). A pattern that takes
 * forever for some key is stopped: the time of a search is bounded, whatever the patterns are, and so is that of many.
 */
export class PatternTable implements ReadTable {
  readonly warnings: readonly string[] = []
  readonly #rules: readonly Rule[]
  readonly #context: Context
  readonly #kept = new Map<string, string | undefined>()
  readonly #time: SearchTime

  /** SyntaxError with the line. */
  constructor(text: string, dialect: PatternDialect, time: SearchTime = new SearchTime(systemClock)) {
    this.#time = time
    this.#rules = parseRules(text, dialect)
    this.#context = createContext(Object.assign(Object.create(null), { rules: this.#rules, reached: 0 }))
    prepare.runInContext(this.#context)
  }

  get size(): number {
    return this.#rules.filter(({ kind }) => kind === 'pattern').length
  }

  /** MAIL_E_UNAVAILABLE where a pattern takes too long. */
  lookUp(key: string): string | undefined {
    if (key.length > longestKey || this.#rules.length === 0) return undefined
    if (this.#kept.has(key)) return this.#kept.get(key)
    const [at = -1, ...groups] = this.#search(key) ?? []
    const rule = this.#rules[at]
    const value = rule === undefined ? undefined : substitute(rule.value, groups)
    if (this.#kept.size >= mostKept) this.#kept.clear()
    this.#kept.set(key, value)
    return value
  }

  #search(key: string): readonly [number, ...(string | undefined)[]] | undefined {
    if (this.#time.isUsedUp) throw new UnavailableError('the patterns have taken too long before')
    this.#context.key = key
    const honest = honestSearch + honestRule * this.#rules.length
    for (let tries = 1; ; tries++) {
      try {
        return this.#time.measure(honest, () =>
          search.runInContext(this.#context, { timeout: longestSearch }),
        )
      } catch (cause) {
        const line = this.#rules[this.#context.reached]?.line
        if (tries === mostTries)
          throw new UnavailableError(`the pattern of line ${line} takes too long`, { cause })
      }
    }
  }
}

function parseRules(text: string, dialect: PatternDialect): readonly Rule[] {
  const rules: Rule[] = []
  let depth = 0
  for (const { number, text: line } of logicalLines(text)) {
    try {
      const rule = { line: number, ...parseRule(line, dialect) }
      depth += rule.kind === 'if' ? 1 : rule.kind === 'endif' ? -1 : 0
      if (depth < 0) throw new SyntaxError('there is no "if" to end')
      rules.push(rule)
    } catch (error) {
      throw new SyntaxError(`line ${number}: ${(error as Error).message}`, { cause: error })
    }
  }
  if (depth > 0) throw new SyntaxError('an "if" has no "endif"')
  return rules
}

function parseRule(line: string, dialect: PatternDialect): Omit<Rule, 'line'> {
  if (/^endif\s*$/i.test(line)) return { kind: 'endif', source: '', flags: '', negated: false, value: '' }
  const condition = conditionPattern.exec(line)
  const text = line.slice(condition?.[0].length ?? 0)
  const [, negation = '', delimiter] = rulePattern.exec(text) ?? []
  if (delimiter === undefined) throw new SyntaxError('a pattern begins with a sign such as "/"')
  const start = text.indexOf(delimiter, negation.length) + 1
  const end = closing(text, start, delimiter)
  const [, options = '', value = ''] = /^(\S*)\s*(.*?)\s*$/s.exec(text.slice(end + 1)) ?? []
  if (condition === null && value === '') throw new SyntaxError('the pattern has no value')
  if (condition !== null && value !== '') throw new SyntaxError('an "if" has no value')
  const source = translatePattern(text.slice(start, end), dialect)
  const flags = flagsOf(options, dialect)
  const pattern = new RegExp(source, flags)
  if (negation === '') checkReferences(value, pattern)
  else checkNoReferences(value)
  return { kind: condition === null ? 'pattern' : 'if', source, flags, negated: negation === '!', value }
}

function closing(text: string, start: number, delimiter: string): number {
  let at = start
  while (at < text.length && text[at] !== delimiter) at += text[at] === '\\' ? 2 : 1
  if (at >= text.length) throw new SyntaxError(`the pattern has no closing "${delimiter}"`)
  return at
}

/** The letters switch what is on by default: without regard to case, and with pcre a dot that is any character. */
function flagsOf(letters: string, dialect: PatternDialect): string {
  const on = new Set(dialect === 'pcre' ? ['i', 's'] : ['i', 's', 'x'])
  for (const letter of letters) if (!on.delete(letter)) on.add(letter)
  if (dialect === 'regexp' && !on.delete('x')) throw new SyntaxError('basic regular expressions are not read')
  const known = dialect === 'pcre' ? 'ims' : 'im'
  const unknown = [...letters].find((letter) => !known.includes(letter) && letter !== 'x')
  if (unknown !== undefined || on.has('x')) throw new SyntaxError(`the flag "${unknown ?? 'x'}" is not known`)
  return `u${[...on].join('')}`
}
