import { type Shape, shapeOf } from './shape.ts'

/** What a dialogue puts in the place of names and values. */
export interface Scope {
  /** Values by name, filled as responses are matched. */
  readonly variables: Map<string, string>
  /** The name of a mailbox as the server has it: levels are separated by `/` in dialogues. */
  mailbox(name: string): string
}

const placeholder = /<(re:|m:|base64:|\$)((?:[^>\\]|\\.)*)>/g

/** The octets of a client's text. */
export function expand(text: string, scope: Scope): string {
  const named = text.replaceAll(/<\$(\w+)>/g, (_, name: string) => variable(name, scope))
  return named.replaceAll(placeholder, (whole, kind: string, rest: string) => {
    if (kind === 'm:') return scope.mailbox(rest)
    if (kind === 'base64:') return Buffer.from(rest.replaceAll('\\0', '\0'), 'latin1').toString('base64')
    return whole
  })
}

function variable(name: string, { variables }: Scope): string {
  const value = variables.get(name)
  if (value === undefined) throw new Error(`nothing is called $${name}`)
  return value
}

/**
 * Whether a response is what the dialogue expects: `<re:…>` is a regular expression, `<$name:…>` one whose match is kept,
 * `<$name>` what was kept, `<m:…>` a mailbox. What is kept is kept only where all matches.
 */
export function matches(expected: string, actual: string, scope: Scope, isExact = false): boolean {
  const { text, sources } = hidden(expected, scope)
  const kept = new Map<string, string>()
  const fits = (pattern: string, value: string): boolean => {
    const match = new RegExp(`^${sourceOf(pattern, sources)}$`, 'is').exec(value)
    for (const [name, found] of Object.entries(match?.groups ?? {})) kept.set(name, found ?? '')
    return match !== null
  }
  // Where one regular expression stands for all items, it is held against all of them.
  const isWhole = /(FETCH|STATUS [^(]*|ESEARCH) ?[\uE000-\uF8FF]$/i.test(text)
  const isMatch = isExact || isWhole ? fits(text, actual) : shapesMatch(shapeOf(text), shapeOf(actual), fits)
  if (isMatch) for (const [name, value] of kept) scope.variables.set(name, value)
  return isMatch
}

const firstHidden = 0xe000

/** The text with a character of the private use area for each placeholder, and the regular expressions behind them. */
function hidden(text: string, scope: Scope): { readonly text: string; readonly sources: readonly string[] } {
  const sources: string[] = []
  const shown = text.replaceAll(placeholder, (_, kind: string, rest: string) => {
    sources.push(`(?:${placeholderSource(kind, rest, scope)})`)
    return String.fromCharCode(firstHidden + sources.length - 1)
  })
  return { text: shown, sources }
}

function placeholderSource(kind: string, rest: string, scope: Scope): string {
  if (kind === 're:') return rest.replaceAll('\\>', '>')
  // A server may put any name in quotes.
  if (kind === 'm:') return `"?${escaped(scope.mailbox(rest))}"?`
  if (kind !== '$') return escaped(expand(`<${kind}${rest}>`, scope))
  const [, name = '', source] = /^(\w+)(?::(.*))?$/s.exec(rest) ?? []
  if (source === undefined) return escaped(variable(name, scope))
  return `(?<${name}>${source.replaceAll('\\>', '>')})`
}

function sourceOf(pattern: string, sources: readonly string[]): string {
  return escaped(pattern).replaceAll(
    /[\uE000-\uF8FF]/g,
    (character) => sources[character.charCodeAt(0) - firstHidden] ?? character,
  )
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}

type Fits = (pattern: string, value: string) => boolean

function shapesMatch(expected: Shape, actual: Shape, fits: Fits): boolean {
  if (!fits(expected.head, actual.head)) return false
  if (expected.tail !== undefined && !fits(expected.tail, actual.tail ?? '')) return false
  return wordsMatch(expected, actual, fits) && itemsMatch(expected, actual, fits)
}

/** Every word of the dialogue is there, and no other but those that may be. */
function wordsMatch({ words, mayHave = [] }: Shape, actual: Shape, fits: Fits): boolean {
  if (words === undefined) return true
  const left = [...(actual.words ?? [])]
  // A regular expression may stand for all of them.
  const [first] = words
  if (first !== undefined && words.length === 1 && fits(first, left.join(' '))) return true
  for (const word of words) {
    const index = left.findIndex((each) => fits(word, each))
    if (index < 0) return false
    left.splice(index, 1)
  }
  return left.every((word) => mayHave.includes(word) || mayHave.includes('*'))
}

function itemsMatch({ items, mayHave = [] }: Shape, actual: Shape, fits: Fits): boolean {
  if (items === undefined) return true
  const left = new Map(actual.items)
  for (const [name, value] of items) {
    // No code at all: `[]`.
    if (name === 'code' && value === '[]' && !left.has('code')) continue
    const found = left.has(name) ? name : [...left.keys()].find((each) => fits(name, each))
    if (found === undefined || !fits(value, left.get(found) ?? '')) return false
    left.delete(found)
  }
  return [...left.keys()].every((name) => mayHave.includes(name))
}
