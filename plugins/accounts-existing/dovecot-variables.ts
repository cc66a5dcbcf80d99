import { type Bindings, finishQuery, PARAMETER, type ParsedQuery } from './bound-query.ts'
import { splitSql } from './sql-text.ts'

type Part = string | ((bindings: Bindings) => string)

const letters: Readonly<Record<string, string>> = { u: 'login', n: 'localPart', d: 'domain', s: 'service' }
const longNames: Readonly<Record<string, string>> = {
  user: 'login',
  username: 'localPart',
  domain: 'domain',
  service: 'service',
  protocol: 'service',
}
// `%u`, `%Lu`, `%{user}`, `%{user | username | lower}`, and `%%` for the character itself.
const variable = /%(?:%|\{([^}]*)\}|([LU]?)([A-Za-z]))/g

/**
 * Reads a query as Dovecot has them, with `%u`, `%n`, `%d`, `%s` and their long names. A string that holds a variable
 * becomes a parameter as a whole: `'%n@%d'` is one bound value. The secret (`%w`) is never handed to a database.
 */
export function parseDovecotQuery(text: string): ParsedQuery {
  const pieces = splitSql(text)
  if (pieces === undefined) return { problem: 'has a quote or a comment that is not closed' }
  const parameters: ((bindings: Bindings) => string)[] = []
  const problems: string[] = []
  const bind = (parts: readonly Part[]): string => {
    parameters.push((bindings) =>
      parts.map((part) => (typeof part === 'string' ? part : part(bindings))).join(''),
    )
    return PARAMETER
  }
  const sql = pieces
    .map((piece) => {
      if (piece.kind === 'comment') return ' '
      if (piece.kind === 'code') return replaceVariables(piece.text, bind, problems)
      if (piece.kind === 'name' || !piece.text.includes('%')) return piece.text
      const parts = partsOf(piece.text.slice(1, -1), problems)
      if (parts.every((part) => typeof part === 'string')) return piece.text.replaceAll('%%', '%')
      if (piece.text.includes('\\')) problems.push('has a backslash in a string with variables')
      const quote = piece.text.charAt(0)
      return bind(
        parts.map((part) => (typeof part === 'string' ? part.replaceAll(quote + quote, quote) : part)),
      )
    })
    .join('')
  const [problem] = problems
  return problem === undefined ? finishQuery(sql, parameters) : { problem }
}

/** Each variable that stands outside strings is a parameter of its own. */
function replaceVariables(
  code: string,
  bind: (parts: readonly Part[]) => string,
  problems: string[],
): string {
  return partsOf(code, problems)
    .map((part) => (typeof part === 'string' ? part : bind([part])))
    .join('')
}

function partsOf(text: string, problems: string[]): readonly Part[] {
  const parts: Part[] = []
  let last = 0
  for (const match of text.matchAll(variable)) {
    parts.push(text.slice(last, match.index))
    last = match.index + match[0].length
    if (match[0] === '%%') parts.push('%')
    else {
      const read = match[1] === undefined ? shortVariable(match[2], match[3]) : longVariable(match[1])
      if (read === undefined) problems.push(problemOf(match[0]))
      else parts.push(read)
    }
  }
  parts.push(text.slice(last))
  return parts.filter((part) => part !== '')
}

function shortVariable(modifier = '', letter = ''): Part | undefined {
  return withCase(letters[letter], modifier === 'L' ? 'lower' : modifier === 'U' ? 'upper' : undefined)
}

/** `user`, or with filters: `user | domain | lower`. */
function longVariable(text: string): Part | undefined {
  const [first = '', ...filters] = text.split('|').map((word) => word.trim())
  let name = longNames[first]
  let letterCase: string | undefined
  for (const filter of filters) {
    if (filter === 'lower' || filter === 'upper') letterCase = filter
    else if (name === 'login' && (filter === 'username' || filter === 'domain')) name = longNames[filter]
    else return undefined
  }
  return withCase(name, letterCase)
}

function withCase(name: string | undefined, letterCase: string | undefined): Part | undefined {
  if (name === undefined) return undefined
  return (bindings) => {
    const value = bindings[name] ?? ''
    if (letterCase === undefined) return value
    return letterCase === 'lower' ? value.toLowerCase() : value.toUpperCase()
  }
}

function problemOf(text: string): string {
  if (text === '%w' || /^%\{password\b/.test(text))
    return `has ${text}: passwords are verified here, never handed to the database`
  return `has ${text}; the variables are %u, %n, %d, %s, %{user}, %{user|username}, %{user|domain} and %{service}`
}
