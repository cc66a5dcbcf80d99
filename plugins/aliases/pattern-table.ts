import { Pacer, systemClock } from 'mailwright'
import { logicalLines } from './logical-lines.ts'
import { PatternSearch, type PatternRule as Rule } from './pattern-search.ts'
import { type PatternDialect, translatePattern } from './pattern-source.ts'
import { SearchTime } from './search-time.ts'
import { checkNoReferences, checkReferences, substitute } from './substitution.ts'
import type { ReadTable } from './table-file.ts'

/** Characters: no address is longer. */
const longestKey = 1_024
/** Answers that are kept: one recipient is looked up several times, and so are the targets of a large alias. */
const mostKept = 20_000

const rulePattern = /^(!?)\s*([^\sA-Za-z0-9\\])/
const conditionPattern = /^if\s+/i

/**
 * Patterns with their values, the first that matches wins: regexp_table(5) and pcre_table(5). A pattern that takes
 * forever for some key is stopped, and holds up nobody but who asks for that key.
 */
export class PatternTable implements ReadTable {
  readonly warnings: readonly string[] = []
  readonly #rules: readonly Rule[]
  readonly #search: PatternSearch
  readonly #kept = new Map<string, string | undefined>()

  constructor(rules: readonly Rule[], time: SearchTime = new SearchTime(systemClock)) {
    this.#rules = rules
    this.#search = new PatternSearch(rules, time)
  }

  /** Reads the text of such a table, which may be in portions. SyntaxError with the line. */
  static async read(
    text: Iterable<string>,
    dialect: PatternDialect,
    time?: SearchTime,
  ): Promise<PatternTable> {
    return new PatternTable(await parseRules(text, dialect), time)
  }

  get size(): number {
    return this.#rules.filter(({ kind }) => kind === 'pattern').length
  }

  close(): void {
    this.#search.close()
  }

  /** MAIL_E_UNAVAILABLE where a pattern takes too long. */
  async lookUp(key: string): Promise<string | undefined> {
    if (key.length > longestKey || this.#rules.length === 0) return undefined
    if (this.#kept.has(key)) return this.#kept.get(key)
    const [at = -1, ...groups] = (await this.#search.search(key)) ?? []
    const rule = this.#rules[at]
    const value = rule === undefined ? undefined : substitute(rule.value, groups)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size >= mostKept && oldest !== undefined) this.#kept.delete(oldest)
    this.#kept.set(key, value)
    return value
  }
}

async function parseRules(text: Iterable<string>, dialect: PatternDialect): Promise<readonly Rule[]> {
  const rules: Rule[] = []
  let depth = 0
  const pacer = new Pacer()
  for (const { number, text: line } of logicalLines(text)) {
    if (pacer.isDue) await pacer.rest()
    try {
      const rule = { place: `line ${number}`, ...parseRule(line, dialect) }
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

function parseRule(line: string, dialect: PatternDialect): Omit<Rule, 'place'> {
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
